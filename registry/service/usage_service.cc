#include "registry/service/usage_service.h"

#include <deque>

namespace registry {
namespace {

constexpr int kPage = 256;

// What was said in calls is for those who operate the server.
void HidePayload(const base::auth::Principal& who, v1::CallRecord& call) {
  if (MayIn(who, Right::kOperate, NamespaceOf(call.server()))) return;
  call.clear_arguments();
  call.clear_result();
}

class CallStream final : public Stream {
 public:
  CallStream(CallLog& calls, base::auth::Principal who, v1::CallFilter filter, std::int64_t after,
             Wake wake)
      : calls_(calls),
        who_(std::move(who)),
        filter_(std::move(filter)),
        after_(after),
        on_call_(calls.bell(), std::move(wake)) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    if (pending_.empty()) {
      auto page = calls_.After(after_, filter_, kPage);
      if (page.has_error()) return page.error();
      after_ = page->last;
      pending_.assign(page->calls.begin(), page->calls.end());
    }
    if (pending_.empty()) return State::kWait;
    v1::CallRecord& call = *static_cast<v1::WatchCallsResponse&>(out).mutable_call();
    call = std::move(pending_.front());
    pending_.pop_front();
    HidePayload(who_, call);
    return State::kMessage;
  }

 private:
  CallLog& calls_;
  const base::auth::Principal who_;
  const v1::CallFilter filter_;
  std::int64_t after_;
  std::deque<v1::CallRecord> pending_;
  Bell::Listener on_call_;
};

}  // namespace

base::Result<v1::ListCallsResponse> UsageService::ListCalls(const Caller& caller,
                                                            const v1::ListCallsRequest& request) {
  auto listed = calls_.List(request);
  if (listed.has_error()) return listed;
  for (v1::CallRecord& call : *listed->mutable_calls()) HidePayload(caller.principal, call);
  return listed;
}

base::Result<std::unique_ptr<Stream>> UsageService::WatchCalls(const Caller& caller,
                                                               const v1::WatchCallsRequest& request,
                                                               Wake wake) {
  const auto newest = calls_.newest();
  if (newest.has_error()) return newest.error();
  return std::make_unique<CallStream>(calls_, caller.principal, request.filter(), *newest,
                                      std::move(wake));
}

}  // namespace registry
