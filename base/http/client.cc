#include "base/http/client.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "base/http/client_exchange.h"
#include "base/http/connection_pool.h"
#include "base/http/dialer.h"
#include "base/http/head_writer.h"
#include "base/http/outward_client.h"

namespace base::http {
namespace {

using Sent = boost::system::result<std::unique_ptr<ClientExchange>, SendFailure>;

// To whom a connection leads, and what is shown there: who shows another certificate must not come
// by a connection that was opened with the first.
struct Origin {
  Url url;
  std::shared_ptr<const TlsContext> tls;  // held: no other context gets its address meanwhile
};
// Pools are found without making a key.
struct OriginView {
  OriginView(const Url& to, const TlsContext* with) : url(to), tls(with) {}
  OriginView(const Origin& origin) : url(origin.url), tls(origin.tls.get()) {}
  const Url& url;
  const TlsContext* tls;
};
struct OriginHash {
  using is_transparent = void;
  std::size_t operator()(const OriginView& origin) const {
    return std::hash<std::string_view>()(origin.url.host) ^ (std::size_t{origin.url.port} << 1) ^
           std::size_t{origin.url.tls} ^ std::hash<const TlsContext*>()(origin.tls);
  }
};
struct OriginEqual {
  using is_transparent = void;
  bool operator()(const OriginView& a, const OriginView& b) const {
    return a.tls == b.tls && a.url.port == b.url.port && a.url.tls == b.url.tls &&
           a.url.host == b.url.host;
  }
};

class PooledClient final : public Client {
 public:
  PooledClient(Loop& loop, const ClientLimits& limits, std::shared_ptr<const TlsContext> tls,
               NamesLead names = NamesLead::kAnywhere)
      : loop_(loop), limits_(limits), dialer_(loop, limits.connect, std::move(tls), names) {}

  Task<Sent> Send(const Url& url, const Request& request) override {
    ConnectionPool& pool = PoolOf(url, request.tls);
    bool fresh = false;
    for (;;) {
      if (request.cancel && request.cancel->requested()) {
        co_return SendFailure{Fail(Code::kCancelled, "the request was cancelled"), true, "http"};
      }
      PooledConnectionPtr connection;
      if (!fresh) connection = pool.TakeIdle();
      if (!connection) {
        boost::system::result<PooledConnectionPtr, SendFailure> acquired =
            co_await pool.Acquire(request, fresh);
        if (!acquired) co_return acquired.error();
        connection = std::move(*acquired);
        if (request.cancel && request.cancel->requested()) continue;
      }
      if (request.times) request.times->reused = connection->used();
      auto exchange = std::make_unique<HttpExchange>(std::move(connection), request);
      boost::system::result<void, SendFailure> started =
          co_await exchange->Start(RenderHead(pool.authority(), url.target, request), request);
      if (started) co_return std::unique_ptr<ClientExchange>(std::move(exchange));
      if (!exchange->may_repeat() || fresh) co_return started.error();
      fresh = true;
    }
  }

  std::size_t open_connections() const override {
    std::size_t open = 0;
    for (const auto& [origin, pool] : pools_) open += pool->open();
    return open;
  }

 private:
  ConnectionPool& PoolOf(const Url& url, const std::shared_ptr<const TlsContext>& tls) {
    // What is shown plays no part where nothing is.
    const OriginView view(url, url.tls ? tls.get() : nullptr);
    const auto found = pools_.find(view);
    if (found != pools_.end()) return *found->second;
    // Certificates come and go; servers are few, and stay.
    std::erase_if(pools_,
                  [](const auto& entry) { return entry.first.tls && entry.second->open() == 0; });
    Origin origin{url, url.tls ? tls : nullptr};
    origin.url.target.clear();
    auto pool = std::make_unique<ConnectionPool>(loop_, dialer_, limits_, origin.url, origin.tls);
    return *pools_.emplace(std::move(origin), std::move(pool)).first->second;
  }

  // Valid until the next request.
  std::string_view RenderHead(std::string_view authority, std::string_view target,
                              const Request& request) {
    head_.Clear();
    head_.Add(request.method).Add(" ").Add(target).Add(" HTTP/1.1\r\nHost: ").Add(authority);
    std::size_t length = 0;
    for (std::string_view piece : request.body) length += piece.size();
    const bool has_no_body =
        length == 0 && (request.method == "GET" || request.method == "HEAD" ||
                        request.method == "DELETE" || request.method == "OPTIONS");
    if (!has_no_body) head_.Add("\r\nContent-Length: ").AddNumber(length);
    head_.Add("\r\n");
    for (const Field& field : request.fields) {
      const std::size_t size = field.name.size();
      if ((size == 14 && EqualsIgnoreCase(field.name, "content-length")) ||
          (size == 17 && EqualsIgnoreCase(field.name, "transfer-encoding")))
        continue;
      head_.AddField(field.name, field.value);
    }
    return head_.Add("\r\n").text();
  }

  Loop& loop_;
  const ClientLimits limits_;
  Dialer dialer_;
  std::unordered_map<Origin, std::unique_ptr<ConnectionPool>, OriginHash, OriginEqual> pools_;
  HeadWriter head_;
};

}  // namespace

std::unique_ptr<Client> Client::Create(Loop& loop, const ClientLimits& limits,
                                       std::shared_ptr<const TlsContext> tls) {
  return std::make_unique<PooledClient>(loop, limits, std::move(tls));
}

std::unique_ptr<Client> CreateOutwardClient(Loop& loop, const ClientLimits& limits) {
  return std::make_unique<PooledClient>(loop, limits, nullptr, NamesLead::kOutward);
}

void throw_exception_from_error(const SendFailure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.error.message);
}

}  // namespace base::http
