// A Replica is the catalog as this gateway has heard it: what the feed has said so far, so that it
// can be kept on disk and said again. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {

class Replica {
 public:
  // True when something changed that must be kept: not for heartbeats and orders.
  bool Apply(const portolan::v1::FollowResponse& event);

  // Everything up to this revision has been applied; 0: nothing yet.
  std::int64_t revision() const { return revision_; }
  // The whole catalog has not been heard yet.
  bool empty() const { return !complete_; }

  // The events that make an empty replica like this one.
  std::vector<portolan::v1::FollowResponse> Events() const;

 private:
  void ApplyChanges(const portolan::v1::Changes& changes);

  bool complete_ = false;
  std::int64_t revision_ = 0;
  std::map<std::pair<std::string, std::string>, portolan::v1::Resource> resources_;
  std::map<std::string, portolan::v1::ServerDefinitions> definitions_;
  portolan::v1::Keys keys_;
  bool has_keys_ = false;
};

// Events as bytes, each with its length before it.
std::string PackEvents(const std::vector<portolan::v1::FollowResponse>& events);
base::Result<std::vector<portolan::v1::FollowResponse>> UnpackEvents(std::string_view bytes);

}  // namespace gateway
