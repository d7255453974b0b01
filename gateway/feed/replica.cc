#include "gateway/feed/replica.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>

namespace gateway {
namespace {

namespace v1 = portolan::v1;

}  // namespace

bool Replica::Apply(const v1::FollowResponse& event) {
  switch (event.event_case()) {
    case v1::FollowResponse::kChanges: ApplyChanges(event.changes()); return true;
    case v1::FollowResponse::kDefinitions:
      definitions_[event.definitions().server()] = event.definitions();
      return true;
    case v1::FollowResponse::kKeys:
      keys_ = event.keys();
      has_keys_ = true;
      return true;
    case v1::FollowResponse::kHeartbeat:
      // Changes of kinds that gateways do not watch move the revision too.
      if (complete_) revision_ = std::max(revision_, event.heartbeat().revision());
      return false;
    case v1::FollowResponse::kProbe:
    case v1::FollowResponse::kPurge:
    case v1::FollowResponse::EVENT_NOT_SET: return false;
  }
  return false;
}

void Replica::ApplyChanges(const v1::Changes& changes) {
  if (changes.complete()) {
    resources_.clear();
    complete_ = true;
  }
  for (const v1::Change& change : changes.changes()) {
    const v1::Resource& resource = change.resource();
    const std::pair key(resource.kind(), resource.name());
    if (change.deleted()) {
      resources_.erase(key);
    } else {
      resources_[key] = resource;
    }
  }
  std::erase_if(definitions_, [&](const auto& entry) {
    return !resources_.contains({"Server", entry.first});
  });
  revision_ = changes.complete() ? changes.revision() : std::max(revision_, changes.revision());
}

std::vector<v1::FollowResponse> Replica::Events() const {
  std::vector<v1::FollowResponse> events;
  if (has_keys_) *events.emplace_back().mutable_keys() = keys_;
  v1::Changes& changes = *events.emplace_back().mutable_changes();
  changes.set_complete(true);
  changes.set_revision(revision_);
  for (const auto& [_, resource] : resources_)
    *changes.add_changes()->mutable_resource() = resource;
  for (const auto& [_, definitions] : definitions_) {
    *events.emplace_back().mutable_definitions() = definitions;
  }
  return events;
}

std::string PackEvents(const std::vector<v1::FollowResponse>& events) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream coded(&stream);
    for (const v1::FollowResponse& event : events) {
      google::protobuf::util::SerializeDelimitedToCodedStream(event, &coded);
    }
  }
  return bytes;
}

base::Result<std::vector<v1::FollowResponse>> UnpackEvents(std::string_view bytes) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  std::vector<v1::FollowResponse> events;
  while (true) {
    v1::FollowResponse event;
    bool at_end = false;
    if (!google::protobuf::util::ParseDelimitedFromCodedStream(&event, &coded, &at_end)) {
      if (at_end) return events;
      return base::Fail(base::Code::kDataLoss, "the snapshot is not one of ours");
    }
    events.push_back(std::move(event));
  }
}

}  // namespace gateway
