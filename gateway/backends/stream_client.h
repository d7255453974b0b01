// A StreamClient has the connections of a server's long streams (what listeners hear), apart from
// those of calls: streams that stay for hours must not take the place of a call.
//
// Belongs to one worker. Made when the first stream is opened.
#pragma once

#include <memory>

#include "base/http/client.h"
#include "gateway/backends/backend.h"

namespace gateway {

class StreamClient {
 public:
  static constexpr std::size_t kMaxStreams = 1'024;

  explicit StreamClient(BackendContext& context) : context_(context) {}

  base::http::Client& Get() { return *Share(); }
  // For streams that may be closed a moment after us.
  const std::shared_ptr<base::http::Client>& Share() {
    if (!client_) {
      base::http::ClientLimits limits = context_.limits.ForClient();
      limits.max_connections_per_origin = kMaxStreams;
      client_ = base::http::Client::Create(context_.loop, limits);
    }
    return client_;
  }

 private:
  BackendContext context_;
  std::shared_ptr<base::http::Client> client_;
};

}  // namespace gateway
