#include "registry/catalog/call_log.h"

#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

// What rules `record` keep of a call included.
constexpr std::size_t kMaxRecordBytes = 192 * 1024;
// Of what calls said, in one answer.
constexpr std::size_t kMaxPayloadBytes = 8 * 1024 * 1024;

CallQuery ToQuery(const v1::CallFilter& filter, int limit) {
  return {filter.server(), filter.principal(), filter.denied(), limit};
}

}  // namespace

base::Result<void> CallLog::Append(
    const google::protobuf::RepeatedPtrField<v1::CallRecord>& calls) {
  std::vector<StoredCall> stored;
  for (const v1::CallRecord& call : calls) {
    std::string body = call.SerializeAsString();
    if (body.size() > kMaxRecordBytes) continue;
    stored.push_back({0, call.server(), call.principal(),
                      call.outcome() == v1::CallOutcome::REFUSED, std::move(body)});
  }
  if (stored.empty()) return {};
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        if (const auto done = store.AppendCalls(stored); done.has_error()) return done.error();
        return Store::Then::kCommit;
      },
      [&] { bell_.Ring(); });
}

base::Result<v1::ListCallsResponse> CallLog::List(const v1::ListCallsRequest& request) const {
  if (request.limit() < 0 || request.limit() > 1000)
    return FieldError("/limit", "must be 1 to 1,000");
  const auto stored =
      store_.NewestCalls(ToQuery(request.filter(), request.limit() == 0 ? 100 : request.limit()));
  if (stored.has_error()) return stored.error();
  v1::ListCallsResponse response;
  std::size_t payload = 0;
  for (const StoredCall& stored_call : *stored) {
    v1::CallRecord& call = *response.add_calls();
    call.ParseFromString(stored_call.body);
    payload += call.arguments().size() + call.result().size();
    if (payload <= kMaxPayloadBytes) continue;
    call.clear_arguments();
    call.clear_result();
  }
  return response;
}

base::Result<std::int64_t> CallLog::newest() const { return store_.NewestCall(); }

base::Result<CallLog::Page> CallLog::After(std::int64_t number, const v1::CallFilter& filter,
                                           int limit) const {
  const auto stored = store_.CallsAfter(number, ToQuery(filter, limit));
  if (stored.has_error()) return stored.error();
  Page page;
  page.last = number;
  for (const StoredCall& call : *stored) {
    page.calls.emplace_back().ParseFromString(call.body);
    page.last = call.id;
  }
  return page;
}

}  // namespace registry
