#include "gateway/worker.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/make_local_shared.hpp>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "gateway/backends/own_credential.h"
#include "gateway/backends/upstream_table.h"
#include "gateway/edge/admitted_exchange.h"
#include "gateway/edge/prepared_token.h"
#include "gateway/edge/well_known.h"
#include "gateway/routing/definitions.h"
#include "mcp/error.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/sse_endpoint.h"
#include "mcp/message.h"
#include "mcp/param_headers.h"

namespace gateway {

namespace {

// Longer names are no tool's; matching globs against megabytes would be.
constexpr std::size_t kMaxItemBytes = 4096;
constexpr std::size_t kMaxSpareRecords = 256;
// How long connections may take to close when the worker ends.
constexpr std::chrono::seconds kEndWithin{2};

constexpr base::http::Field kErrorFields[] = {{"Content-Type", "application/json"}};
constexpr base::http::Field kWellKnownFields[] = {{"Content-Type", "application/json"},
                                                  {"Cache-Control", "no-store"}};
// What the portal's page may send (Fetch, CORS).
constexpr base::http::Field kPreflightFields[] = {
    {"Access-Control-Allow-Methods", "POST, GET, DELETE"},
    {"Access-Control-Allow-Headers",
     "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, "
     "Mcp-Name, Last-Event-ID, "
     "X-Api-Key, X-Request-Id"},
    {"Access-Control-Max-Age", "600"},
};

bool IsParamField(std::string_view name) {
  constexpr std::string_view kPrefix = "Mcp-Param-";
  return name.size() > kPrefix.size() &&
         base::http::EqualsIgnoreCase(name.substr(0, kPrefix.size()), kPrefix);
}

// A caller's words in our log: short, quoted, on one line.
std::string Shown(std::string_view text) { return mcp::Quote(text.substr(0, 128)); }

// Its strings keep their memory. Every member has its name here, so that none can be forgotten.
void Clear(mcp::Record& record) {
  auto& [request_id, trace_id, started_unix_ms, started, server, endpoint, method, item,
         protocol_revision, principal, subscription, product, credential, authentication,
         client_name, client_version, user_agent, peer_address, http_status, outcome, error_code,
         reason, rule, message, observed_only, answer_fields, sample, cache, mocked, attempts,
         detections, payload, bytes_in, bytes_out, queue, server_time, total] = record;
  for (std::string* text : {&request_id, &trace_id, &server, &endpoint, &method, &item, &principal,
                            &subscription, &product, &credential, &client_name, &client_version,
                            &user_agent, &peer_address, &rule, &message})
    text->clear();
  started_unix_ms = 0;
  started = {};
  protocol_revision = authentication = reason = {};
  http_status = error_code = 0;
  outcome = mcp::Outcome::kUnknown;
  observed_only = mocked = false;
  answer_fields.clear();
  attempts.clear();
  detections.clear();
  payload = {};
  sample = 1;
  cache = mcp::CacheUse::kNone;
  bytes_in = bytes_out = 0;
  queue = server_time = total = {};
}

auto* FaceOf(Face face) {
  switch (face) {
    case Face::kMcp: break;
    case Face::kSse: return &mcp::legacy::ServeSseStream;
    case Face::kMessages: return &mcp::legacy::ServeSseMessage;
  }
  return &mcp::ServeHttp;
}

std::shared_ptr<const mcp::UpstreamTerms> OwnTerms(const BackendLimits& limits) {
  auto terms = std::make_shared<mcp::UpstreamTerms>();
  terms->total = limits.total;
  return terms;
}

}  // namespace

// The server at the end of a chain: its lists from the catalog's definitions, all else from the
// backend.
class Worker::Server final : public mcp::Handler {
 public:
  Server(Worker& worker, const Route& route, const Chain& chain)
      : worker_(worker), route_(route), chain_(chain) {}

  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    if (call.is_request() && IsListOrDiscover(call.method)) {
      if (const DefinitionLists* lists = route_.lists_for(call.method))
        return Give(AnswerFrom(*lists, call));
    }
    if (call.is_request() && call.method == "subscriptions/listen") {
      std::shared_ptr<const Route> route = (*worker_.table_)->FindServer(route_.server_name());
      return worker_.listeners_.Listen(call, std::move(route));
    }
    // Of a server that waits for approval nothing is asked, and it is told nothing.
    if (!route_.approved()) return Give(mcp::Response::Accepted());
    const DefinitionLists* lists = route_.inputs().definitions.get();
    const mcp::ParamHeaders* repeated =
        lists && call.method == "tools/call" ? lists->repeated_of(call.item) : nullptr;
    backend_ = worker_.BackendOf(route_);
    if (repeated) return AskWithHeaders(call, *repeated);
    return Ask(call);
  }

 private:
  static base::Task<mcp::Response> Give(mcp::Response response) { co_return response; }

  base::Task<mcp::Response> Ask(mcp::Call& call) {
    return chain_.RunRound(call, *backend_, worker_.own_terms_);
  }

  // A server of 2026-07-28 wants arguments repeated in the head (Custom Headers from Tool
  // Parameters): a modern caller has done so, for an older one we do.
  base::Task<mcp::Response> AskWithHeaders(mcp::Call& call, const mcp::ParamHeaders& repeated) {
    const std::string_view arguments = call.envelope.arguments.of(call.bytes);
    base::http::Fields fields;
    if (mcp::IsModern(call.revision)) {
      if (const auto wrong =
              mcp::CheckParamHeaders(repeated, call.fields ? *call.fields : fields, arguments)) {
        co_return mcp::Response::Message(
            mcp::ErrorMessage(call.id(), *wrong, call.record.request_id));
      }
      co_return co_await Ask(call);
    }
    const auto made = mcp::MakeParamHeaders(repeated, arguments);
    for (const auto& [name, value] : made) fields.Add(name, value);
    if (call.fields) {
      for (const base::http::Field& field : call.fields->all()) {
        if (!IsParamField(field.name)) fields.Add(field.name, field.value);
      }
    }
    const base::http::Fields* const own = std::exchange(call.fields, &fields);
    mcp::Response response = co_await Ask(call);
    call.fields = own;
    co_return response;
  }

  Worker& worker_;
  const Route& route_;
  const Chain& chain_;
  std::shared_ptr<mcp::Handler> backend_;  // while it answers
};

// One admitted exchange's calls: GOVERN, then SERVE.
class Worker::RoutedCall final : public mcp::Handler {
 public:
  RoutedCall(Worker& worker, const Admission& admission) : worker_(worker), admission_(admission) {}

  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    if (call.item.size() > kMaxItemBytes) {
      mcp::CallError error;
      error.code = mcp::kInvalidParams;
      error.message = "The name is longer than 4096 bytes.";
      co_return mcp::Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
    }
    const Route& route = *admission_.route;
    const std::shared_ptr<const Chain> chain = route.ChainFor(admission_.caller_policy);
    Server server(worker_, route, *chain);
    mcp::Response response = co_await chain->Run(call, server);
    if (response.kind == mcp::Response::Kind::kRefused && response.http_status == 200)
      response.http_status = chain->style().StatusOfFailure(call.record.error_code);
    co_return response;
  }

 private:
  Worker& worker_;
  const Admission& admission_;
};

base::Result<std::unique_ptr<Worker>> Worker::Listen(const base::http::ListenAddress& address,
                                                     std::vector<std::string> session_ring,
                                                     SharedByWorkers& shared) {
  std::unique_ptr<Worker> worker(new Worker(std::move(session_ring), shared));
  auto server = base::http::Server::Listen(worker->loop_, address, true, shared.server_limits,
                                           *worker, shared.tls);
  if (!server) return server.error();
  worker->server_ = std::move(*server);
  return worker;
}

Worker::Worker(std::vector<std::string> session_ring, SharedByWorkers& shared)
    : shared_(shared),
      keep_running_(loop_.io.get_executor()),
      ending_(loop_.io),
      client_(base::http::Client::Create(loop_, shared.backend_limits.ForClient())),
      backend_context_{
          loop_,         *client_,   shared.upstreams,  shared.stdio, shared.backend_limits,
          shared.parked, shared.sse, shared.credentials},
      own_terms_(OwnTerms(shared.backend_limits)),
      gate_(shared.gate, shared.flood, shared.tokens, shared.providers, shared.clock),
      sessions_(std::move(session_ring), shared.sessions, shared.ended_sessions, shared.clock),
      listeners_(loop_,
                 [this](const Route& route) {
                   return WithOwnCredential(BackendOf(route), route.server_name(), route.spec(),
                                            backend_context_);
                 }),
      table_(boost::make_local_shared<const std::shared_ptr<const RouteTable>>(
          std::make_shared<const RouteTable>())) {
  sessions_.OnEnd([&shared](std::string_view key) { shared.upstreams.EndSession(key); });
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  loop_.Post([this] {
    server_->Stop();
    EndWhenIdle(std::chrono::steady_clock::now() + kEndWithin);
  });
  thread_.join();
}

void Worker::Start() {
  loop_.Post([this] { server_->Start(); });
  thread_ = std::thread([this] { loop_.io.run(); });
}

// Lets the exchanges notice that they were cancelled, and give back what they hold.
void Worker::EndWhenIdle(std::chrono::steady_clock::time_point at_latest) {
  const bool parked = shared_.parked && !shared_.parked->EndAll(loop_);
  const bool idle = active() == 0 && !parked;
  if (idle || std::chrono::steady_clock::now() >= at_latest) {
    loop_.io.stop();
    return;
  }
  ending_.expires_after(std::chrono::milliseconds(5));
  ending_.async_wait(
      [this, at_latest](const boost::system::error_code&) { EndWhenIdle(at_latest); });
}

void Worker::SetTable(std::shared_ptr<const RouteTable> table, std::function<void()> in_force) {
  loop_.Post([this, table = std::move(table), in_force = std::move(in_force)]() mutable {
    table_ = boost::make_local_shared<const std::shared_ptr<const RouteTable>>(std::move(table));
    DropOldBackends();
    FollowPools();
    in_force();
  });
}

void Worker::TellListeners(std::shared_ptr<const RouteTable> table) {
  loop_.Post([this, table = std::move(table)] { listeners_.Follow(*table); });
}

void Worker::SetKeys(FeedKeys keys) {
  loop_.Post([this, keys = std::move(keys)] {
    gate_.SetCallTokenKeys(keys.call_token_public_keys);
    if (!keys.session_ring.empty()) sessions_.SetKeyRing(keys.session_ring);
  });
}

void Worker::UseTls(std::shared_ptr<const base::http::TlsContext> tls) {
  loop_.Post([this, tls = std::move(tls)]() mutable { server_->UseTls(std::move(tls)); });
}

void Worker::Drain() {
  loop_.Post([this] {
    server_->Drain();
    listeners_.EndAll();
    draining_.Request();
  });
}

base::Task<void> Worker::Serve(base::http::Exchange& exchange) {
  const base::http::RequestHead& head = exchange.head();
  if (IsWellKnown(head.path)) return ServeWellKnown(exchange);
  if (gate_.IsPortalPreflight(head)) return Respond(exchange, 204, kPreflightFields, {});
  return ServeCall(exchange);
}

base::Task<void> Worker::ServeWellKnown(base::http::Exchange& exchange) {
  const base::http::RequestHead& head = exchange.head();
  const std::string own_url = gate_.OwnUrl(exchange);
  const StaticAnswer answer =
      WellKnown(head.method, head.path, own_url, **table_, shared_.providers);
  co_await Respond(exchange, answer.status, kWellKnownFields, answer.body);
}

base::Task<void> Worker::Respond(base::http::Exchange& exchange, int status,
                                 std::span<const base::http::Field> fields, std::string_view body) {
  AdmittedExchange answered(exchange);
  AddPortalFields(answered);
  (void)co_await answered.Respond(status, fields, body);
}

// What the portal's page may read of an answer (Fetch, CORS).
void Worker::AddPortalFields(AdmittedExchange& answered) const {
  const std::string_view portal = gate_.AllowedOrigin(answered.head());
  if (portal.empty()) return;
  answered.Add("Access-Control-Allow-Origin", portal);
  answered.Add("Vary", "Origin");
  answered.Add("Access-Control-Expose-Headers",
               "Mcp-Session-Id, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, "
               "WWW-Authenticate, Deprecation, Sunset, Link");
}

std::unique_ptr<mcp::Record> Worker::TakeRecord() {
  if (spare_records_.empty()) return std::make_unique<mcp::Record>();
  std::unique_ptr<mcp::Record> record = std::move(spare_records_.back());
  spare_records_.pop_back();
  return record;
}

void Worker::GiveBack(std::unique_ptr<mcp::Record> record) {
  if (spare_records_.size() >= kMaxSpareRecords) return;
  Clear(*record);
  spare_records_.push_back(std::move(record));
}

base::Task<void> Worker::ServeCall(base::http::Exchange& exchange) {
  AdmittedExchange answered(exchange);
  AddPortalFields(answered);
  active_.fetch_add(1, std::memory_order_relaxed);
  std::unique_ptr<mcp::Record> record = TakeRecord();
  answered.Carry(*record);
  const Table table = table_;  // a running call keeps the one it began with

  // ADMIT
  Admission admission;
  gate_.Admit(answered, **table, *record, admission);
  while (admission.waits) {
    PreparedToken prepared(shared_.providers, loop_, admission);
    co_await prepared;
    gate_.Resume(answered, **table, *record, admission);
  }
  if (admission.admitted()) {
    // ROUTE, GOVERN, SERVE
    const EndNotice& notice = admission.route->end_notice();
    if (!notice.deprecation.empty()) answered.Add("Deprecation", notice.deprecation);
    if (!notice.sunset.empty()) answered.Add("Sunset", notice.sunset);
    const std::string link = admission.route->SuccessorLinkFor(*admission.principal);
    if (!link.empty()) answered.Add("Link", link);
    RoutedCall handler(*this, admission);
    Sessions::OfEndpoint sessions(sessions_, admission.route->base_path());
    mcp::EndpointOptions options;
    options.max_body_bytes = shared_.max_body_bytes;
    options.sessions = &sessions;
    options.ending = &draining_;
    options.parts = this;
    const auto serve = FaceOf(admission.face);
    co_await serve(answered, loop_, *admission.principal, *record, handler, options);
  } else {
    co_await Refuse(answered, admission.refusal, *record);
  }

  // RECORD
  Finish(exchange, *record);
  GiveBack(std::move(record));
  active_.fetch_sub(1, std::memory_order_relaxed);
}

base::Task<void> Worker::Refuse(AdmittedExchange& answered, const GateRefusal& refusal,
                                mcp::Record& record) {
  answered.Add("X-Request-Id", record.request_id);
  for (const auto& [name, value] : refusal.headers) answered.Add(name, value);
  // Without the request id: one client searches such bodies for numbers that an id may hold.
  const std::string body = mcp::ErrorMessage({}, refusal.error, {});
  (void)co_await answered.Respond(refusal.status, kErrorFields, std::string_view(body));
  record.http_status = refusal.status;
}

void Worker::Finish(const base::http::Exchange& exchange, mcp::Record& record) {
  record.bytes_in = exchange.bytes_in();
  record.bytes_out = exchange.bytes_out();
  Keep(record);
}

void Worker::Keep(mcp::Record& record) {
  record.total =
      std::chrono::duration_cast<std::chrono::microseconds>(shared_.clock.Now() - record.started);
  traffic_.Note(record);
  shared_.reporter.Call(record);
  const auto level =
      record.outcome == mcp::Outcome::kOk ? spdlog::level::debug : spdlog::level::info;
  if (!spdlog::should_log(level)) return;
  spdlog::log(level,
              "call id={} server={} method={} item={} principal={} peer={} status={} code={} "
              "reason={} rule={} us={}",
              record.request_id, record.server, Shown(record.method), Shown(record.item),
              record.principal, record.peer_address, record.http_status, record.error_code,
              record.reason, record.rule, record.total.count());
}

std::shared_ptr<mcp::Handler> Worker::BackendOf(const Route& route) {
  std::shared_ptr<mcp::Handler>& backend = backends_[route.backend_key()];
  if (!backend) backend = shared_.make_backend(route.server_name(), route.spec(), backend_context_);
  return backend;
}

void Worker::DropOldBackends() {
  if (backends_.empty()) return;
  std::unordered_set<std::string_view> wanted;
  for (const auto& route : (*table_)->routes()) wanted.insert(route->backend_key());
  std::erase_if(backends_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

// What a pool's members weigh, and which of them drain, changes without another backend.
void Worker::FollowPools() {
  for (const auto& route : (*table_)->routes()) {
    const portolan::v1::Endpoint& endpoint = route->spec().endpoint();
    if (endpoint.has_pool()) shared_.upstreams.FindPool(route->backend_key())->Set(endpoint.pool());
  }
}

}  // namespace gateway
