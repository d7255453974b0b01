#include "gateway/backends/list_watch.h"

#include "gateway/backends/held_listen.h"
#include "mcp/collector.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {

// Lives until the listening has ended.
struct ListWatch::State {
  State(base::Loop& on, std::shared_ptr<mcp::Handler> at, std::function<void()> tell,
        std::function<void()> tell_end)
      : loop(on), server(std::move(at)), on_change(std::move(tell)), on_end(std::move(tell_end)) {}

  static base::Task<> Run(std::shared_ptr<State> self) {
    HeldListen held({
        .loop = self->loop,
        .caller = self->call,
        .server = [self] { return self->server; },
        .filter =
            [] {
              ListenFilter filter;
              filter.tools_list_changed = true;
              filter.prompts_list_changed = true;
              filter.resources_list_changed = true;
              return filter;
            },
        .client = [self] { return std::make_unique<Ear>(*self); },
    });
    co_await held.Run(self->ending);
    self->on_end();
  }

  class Ear final : public ListenClient {
   public:
    explicit Ear(State& state) : state_(state) {}
    base::Task<base::Result<void>> Notify(std::string_view message) override {
      const std::string method = mcp::DecodeString(mcp::Member(message, "method"));
      const bool tells = method == "notifications/subscriptions/acknowledged"
                             ? HearsAnything(message)
                             : method.ends_with("/list_changed");
      if (tells && state_.on_change) state_.on_change();
      co_return base::Result<void>();
    }

   private:
    static bool HearsAnything(std::string_view acknowledged) {
      mcp::Members granted(mcp::Member(mcp::Member(acknowledged, "params"), "notifications"));
      while (granted.Next()) {
        if (granted.value() == "true") return true;
      }
      return false;
    }
    State& state_;
  };

  base::Loop& loop;
  const std::shared_ptr<mcp::Handler> server;
  std::function<void()> on_change;
  const std::function<void()> on_end;
  base::CancelSignal ending;

  // On whose behalf: nobody's.
  const base::auth::Principal nobody;
  mcp::Collector silent{0};
  mcp::Record record;
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":1,"method":)" + mcp::Quote(mcp::kListenMethod) + "}";
  mcp::Call call{.bytes = bytes,
                 .envelope = *mcp::Scan(bytes),
                 .principal = nobody,
                 .client = silent,
                 .cancel = ending,
                 .record = record,
                 .method = mcp::kListenMethod,
                 .item = {}};
};

ListWatch::ListWatch(base::Loop& loop, std::shared_ptr<mcp::Handler> server,
                     std::function<void()> on_change, std::function<void()> on_end)
    : state_(std::make_shared<State>(loop, std::move(server), std::move(on_change),
                                     std::move(on_end))) {
  base::Spawn(State::Run(state_));
}

ListWatch::~ListWatch() {
  state_->on_change = nullptr;
  state_->ending.Request();
}

}  // namespace gateway
