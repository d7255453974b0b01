#include "base/http/dialer.h"

#include <boost/asio/ip/address.hpp>
#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "base/error_codes.h"

namespace base::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::steady_clock;
using Resolver = boost::asio::ip::basic_resolver<tcp, boost::asio::io_context::executor_type>;
using Dialed = boost::system::result<WirePtr, SendFailure>;

class Stopwatch {
 public:
  microseconds Lap() {
    const auto now = steady_clock::now();
    return duration_cast<microseconds>(now - std::exchange(start_, now));
  }

 private:
  steady_clock::time_point start_ = steady_clock::now();
};

// A name being looked up. The system's resolver cannot be stopped, so the one who waits leaves this
// behind.
struct Lookup {
  explicit Lookup(boost::asio::io_context& io) : resolver(io) {}
  Resolver resolver;
  error_code error;
  std::vector<tcp::endpoint> endpoints;
  std::coroutine_handle<> waiting;

  void Wake() {
    if (auto handle = std::exchange(waiting, nullptr)) handle.resume();
  }
};

struct LookupAwaiter {
  std::shared_ptr<Lookup> lookup;
  const Url& url;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    lookup->waiting = self;
    lookup->resolver.async_resolve(
        url.host, std::to_string(url.port), tcp::resolver::numeric_service,
        [held = lookup](const error_code& error, const Resolver::results_type& results) {
          held->error = error;
          for (const auto& entry : results) held->endpoints.push_back(entry.endpoint());
          held->Wake();
        });
  }
  void await_resume() const {}
  ~LookupAwaiter() { lookup->waiting = nullptr; }
};

// One attempt to connect, with what may end it early: time and the caller. Both wait until the loop
// turns, so that no coroutine runs inside a hook.
class Attempt {
 public:
  Attempt(Loop& loop, std::chrono::milliseconds limit, CancelSignal* cancel) : loop_(loop) {
    Arm(limit);
    if (cancel) hook_.emplace(*cancel, Cancelled{*this});
  }

  void Watch(std::shared_ptr<Lookup> lookup) { lookup_ = std::move(lookup); }
  void Watch(WirePtr wire) { wire_ = std::move(wire); }
  bool ended() const { return ended_; }

  // What stopped us, or else what went wrong.
  SendFailure Failure(std::string_view stage, Error error) const {
    if (cancelled_) error = Fail(Code::kCancelled, "the request was cancelled");
    if (ended_ && !cancelled_)
      error = Fail(Code::kDeadlineExceeded, error.message + " (it took too long)");
    return SendFailure{std::move(error), true, stage};
  }

 private:
  struct Cancelled {
    Attempt& attempt;
    void operator()() {
      attempt.cancelled_ = true;
      attempt.Arm(std::chrono::milliseconds(0));
    }
  };

  void Arm(std::chrono::milliseconds delay) {
    loop_.timers.Arm(
        timer_, delay, [](void* self) { static_cast<Attempt*>(self)->End(); }, this);
  }

  void End() {
    ended_ = true;
    if (wire_) return wire_->Close();
    if (lookup_) lookup_->Wake();
  }

  Loop& loop_;
  Timers::Timer timer_;
  std::shared_ptr<Lookup> lookup_;
  WirePtr wire_;
  bool ended_ = false;
  bool cancelled_ = false;
  std::optional<CancelSignal::Hook<Cancelled>> hook_;
};

// This machine and its own link, also when it is spelt as an IPv4 address inside an IPv6 one.
bool IsNear(const boost::asio::ip::address& address) {
  if (address.is_v6()) {
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped())
      return IsNear(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6));
    return v6.is_loopback() || v6.is_link_local() || v6.is_unspecified() || v6.is_multicast();
  }
  const auto v4 = address.to_v4();
  const std::uint32_t number = v4.to_uint();
  const bool link_local = (number >> 16) == 0xA9FE;  // 169.254.0.0/16
  return v4.is_loopback() || link_local || (number >> 24) == 0 || v4.is_multicast();
}

}  // namespace

Task<Dialed> Dialer::Dial(const Url& url, const How& how) {
  if (how.cancel && how.cancel->requested()) {
    co_return SendFailure{Fail(Code::kCancelled, "the request was cancelled"), true, "tcp"};
  }
  ConnectTimes* const times = how.times;
  Attempt attempt(loop_, how.limit.count() > 0 ? how.limit : limit_, how.cancel);
  Stopwatch watch;

  std::vector<tcp::endpoint> endpoints;
  error_code error;
  const auto literal = boost::asio::ip::make_address(url.host, error);
  if (!error) {
    endpoints.emplace_back(literal, url.port);
  } else {
    auto lookup = std::make_shared<Lookup>(loop_.io);
    attempt.Watch(lookup);
    LookupAwaiter found{lookup, url};
    co_await found;
    if (attempt.ended())
      co_return attempt.Failure("dns", Fail(Code::kUnavailable, "look up '" + url.host + "'"));
    if (lookup->error || lookup->endpoints.empty()) {
      co_return attempt.Failure("dns", FromErrorCode(lookup->error, "look up '" + url.host + "'"));
    }
    endpoints = std::move(lookup->endpoints);
    if (names_ == NamesLead::kOutward) {
      std::erase_if(endpoints, [](const tcp::endpoint& end) { return IsNear(end.address()); });
      if (endpoints.empty()) {
        co_return attempt.Failure(
            "dns", Fail(Code::kPermissionDenied,
                        "'" + url.host +
                            "' leads to this machine or its own link, which a name may "
                            "not; write the address itself if it is meant"));
      }
    }
    if (times) times->dns = watch.Lap();
  }

  WirePtr wire;
  for (const tcp::endpoint& endpoint : endpoints) {
    wire.reset(new Wire(loop_.io));
    attempt.Watch(wire);
    error = co_await wire->Connect(endpoint);
    if (!error || attempt.ended()) break;
  }
  if (error || attempt.ended()) {
    co_return attempt.Failure("tcp", FromErrorCode(error, "connect to " + url.authority()));
  }
  if (times) times->tcp = watch.Lap();
  if (!url.tls) co_return wire;

  if (!how.tls && !tls_) {
    auto made = TlsContext::ForClients();
    if (!made) co_return SendFailure{made.error(), true, "tls"};
    tls_ = std::move(*made);
  }
  wire->StartTls(TlsSession::Connect(how.tls ? *how.tls : *tls_, wire->socket(), url.host));
  const bool shaken = co_await wire->Handshake();
  if (!shaken || attempt.ended()) {
    const std::string what = "TLS with " + url.authority() + ": " + wire->tls()->failure();
    co_return attempt.Failure("tls", Fail(Code::kUnavailable, what));
  }
  if (times) times->tls = watch.Lap();
  co_return wire;
}

}  // namespace base::http
