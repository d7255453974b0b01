// UsageService's methods: the call records.
#pragma once

#include <memory>

#include "registry/catalog/call_log.h"
#include "registry/service/methods.h"

namespace registry {

class UsageService {
 public:
  explicit UsageService(CallLog& calls) : calls_(calls) {}

  base::Result<v1::ListCallsResponse> ListCalls(const Caller& caller,
                                                const v1::ListCallsRequest& request);
  base::Result<std::unique_ptr<Stream>> WatchCalls(const Caller& caller,
                                                   const v1::WatchCallsRequest& request, Wake wake);

 private:
  CallLog& calls_;
};

}  // namespace registry
