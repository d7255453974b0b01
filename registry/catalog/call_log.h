// The CallLog keeps the newest call records (store.h: kMaxCallRecords) and lets streams follow
// them.
//
// Any thread; calls block (SQLite).
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "portolan/v1/usage_service.pb.h"
#include "registry/catalog/watch.h"

namespace registry {

class Store;

class CallLog {
 public:
  explicit CallLog(Store& store) : store_(store) {}

  // In one transaction. Records that are too large to be true are left out.
  base::Result<void> Append(const google::protobuf::RepeatedPtrField<v1::CallRecord>& calls);
  // The newest first.
  base::Result<v1::ListCallsResponse> List(const v1::ListCallsRequest& request) const;

  // Records are numbered as they come; 0 is before the first.
  base::Result<std::int64_t> newest() const;
  struct Page {
    std::int64_t last = 0;
    std::vector<v1::CallRecord> calls;
  };
  base::Result<Page> After(std::int64_t number, const v1::CallFilter& filter, int limit) const;
  Bell& bell() { return bell_; }

 private:
  Store& store_;
  Bell bell_;
};

}  // namespace registry
