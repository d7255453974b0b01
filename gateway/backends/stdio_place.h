// A StdioPlace is where one program of a stdio server runs, now and again. Those who listen there
// outlive it: what they subscribed to is subscribed to again when the next program has started.
//
// It hears what belongs to no call (changed lists and resources, log messages, questions) and gives
// it to the listeners that it is for. The log messages of a program that all share would tell what
// other principals do, so nobody hears those.
//
// One loop; shared by its server and by those who listen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "gateway/backends/pending_request.h"
#include "gateway/backends/resource_subscriptions.h"
#include "gateway/backends/stdio_child.h"
#include "gateway/backends/stdio_introduction.h"
#include "gateway/backends/subscription.h"

namespace gateway {

class StdioPlace final : public StdioChild::Audience,
                         public std::enable_shared_from_this<StdioPlace> {
 public:
  // A program that runs, and what it said of itself.
  struct Running {
    std::shared_ptr<StdioChild> child;
    Introduction introduction;
  };
  // One subscriptions/listen. Hears from Join to Leave.
  struct Listener {
    std::string owner;  // of its subscriptions: its session, or something unique
    bool has_session = false;
    ListenFilter filter;
    PendingRequest mailbox;
    std::weak_ptr<StdioChild> asking;  // the program that its open questions are of
  };

  // `on_list_changed` is told when the program says so; may be empty.
  StdioPlace(base::Loop& loop, bool shared, std::function<void()> on_list_changed)
      : loop_(loop), shared_(shared), on_list_changed_(std::move(on_list_changed)) {}
  ~StdioPlace() override;

  // ---- Its program

  // None while it is started or after it ended.
  const std::optional<Running>& running() const { return running_; }
  // REQUIRES: its child's audience is this place.
  void Seat(Running running);
  void Unseat();

  // It is being started. Whoever waits for that is told by StartIsOver.
  bool starting() const { return starting_; }
  void StartBegins();
  void StartIsOver(std::optional<base::Error> failure);
  // kCancelled when `cancel` was requested before it was over.
  base::Task<base::Result<Running>> AwaitStart(base::CancelSignal& cancel);

  // The owner's note: calls that hold it.
  int users = 0;

  // ---- Who listens

  void Join(Listener& listener) { listeners_.push_back(&listener); }
  // What it subscribed to is over, unless others want it too.
  void Leave(Listener& listener);
  bool HasOtherSessions(std::string_view session) const;
  // For mailboxes of listeners.
  PendingRequest::Register& mailboxes() { return mailboxes_; }
  std::uint64_t NextNumber() { return ++last_number_; }

  // Tells the program when it does not know yet. kFailedPrecondition: it refuses.
  base::Task<base::Result<void>> Subscribe(std::string uri, std::string owner,
                                           base::CancelSignal& cancel);
  // What a session asked the program by itself.
  ResourceSubscriptions& subscriptions() { return subscriptions_; }

  // What the program's log level was set to, raw; empty: nothing yet.
  std::string log_level;

  // ---- StdioChild::Audience

  bool Notification(std::string_view method, std::string_view message) override;
  bool Question(std::string_view capability, std::string_view raw_id,
                std::string_view message) override;
  bool Withdraw(std::string_view message) override;

 private:
  static base::Task<> SubscribeAgain(std::shared_ptr<StdioPlace> self);
  bool Wants(const Listener& listener, std::string_view method, std::string_view params) const;
  void CloseIfBehind(Listener& listener);
  base::Task<base::Result<void>> Tell(std::string_view method, std::string uri,
                                      base::CancelSignal& cancel);

  // Constant after construction
  base::Loop& loop_;
  const bool shared_;
  const std::function<void()> on_list_changed_;

  std::optional<Running> running_;
  bool starting_ = false;
  std::optional<base::Error> start_failure_;
  std::vector<base::Event*> waiters_;
  std::vector<Listener*> listeners_;
  PendingRequest::Register mailboxes_;
  std::uint64_t last_number_ = 0;
  ResourceSubscriptions subscriptions_;
  // A program that is being told of a subscription; `taken` once it has answered.
  struct Telling {
    std::optional<bool> taken;
    std::vector<base::Event*> waiters;
  };
  std::map<std::string, std::shared_ptr<Telling>> telling_;  // by URI
};

}  // namespace gateway
