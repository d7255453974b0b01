#include "gateway/backends/probe.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <vector>

#include "gateway/backends/deadline.h"
#include "gateway/backends/listing.h"
#include "gateway/backends/own_credential.h"
#include "gateway/backends/sse_session.h"
#include "gateway/backends/upstream_table.h"
#include "mcp/http_client.h"
#include "mcp/legacy/session_client.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"
#include "portolan/v1/server.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds, std::chrono::microseconds, std::chrono::steady_clock;

constexpr milliseconds kProbeTimeout{60'000};
constexpr milliseconds kFirstByte{15'000};
// `npx` may have to download the program first.
constexpr milliseconds kProgramTimeout{180'000};

double Milliseconds(steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// What to do about a failure, in cli.md's wording.
std::string FixFor(std::string_view stage, const std::string& name, const base::Error& error,
                   bool program) {
  if (stage == "dns") return "Check the host's spelling, or this machine's name service.";
  if (stage == "tcp") {
    if (error.code == base::Code::kDeadlineExceeded) {
      return "Nothing answers at that address: check host and port, and firewalls between.";
    }
    return "nothing listens there. Start the server, or let Portolan start it:  portolan add " +
           name.substr(name.find('/') + 1) + " -- COMMAND";
  }
  if (stage == "tls") {
    return "Check that the port speaks TLS, and that its certificate is for this host and from an "
           "authority that this machine trusts.";
  }
  if (stage == "auth") {
    return "The server wants a credential; a caller's own are never passed on to it. Keep one with "
           "portolan secret set NAME, and name it in the server's `credential`.";
  }
  if (stage == "http") return "Check the URL's path: most servers answer at /mcp.";
  if (stage == "start") return "Check the command and its folder, on the gateway's machine.";
  if (stage == "list") return "The server answers, but its lists cannot be used: tell its makers.";
  if (program) return "The program runs but speaks no MCP on its output: try the command by hand.";
  return "Something answers there, but it is no MCP server, or not at this path.";
}

// `connect to 127.0.0.1:9: Connection refused` becomes `connection refused at 127.0.0.1:9`.
std::string ConnectMessage(const std::string& message) {
  constexpr std::string_view kBefore = "connect to ";
  const std::size_t colon = message.rfind(": ");
  if (!message.starts_with(kBefore) || colon == message.npos) return message;
  std::string what = message.substr(colon + 2);
  if (!what.empty()) what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  return what + " at " + message.substr(kBefore.size(), colon - kBefore.size());
}

// One probe under way: gathers the stages.
class Probe {
 public:
  Probe(std::string name, std::function<void(const v1::Stage&)> on_stage)
      : name_(std::move(name)), on_stage_(std::move(on_stage)) {
    result_.status.set_server(name_);
    result_.status.set_health(v1::Health::UNREACHABLE);
    result_.status.set_checked_at_ms(base::SystemClock().UnixMillis());
    result_.definitions.set_server(name_);
  }

  void Pass(std::string_view stage, double ms, std::string message) {
    Add(stage, v1::StageOutcome::PASSED, ms, std::move(message), {});
  }
  void Skip(std::string_view stage, std::string message) {
    Add(stage, v1::StageOutcome::SKIPPED, 0, std::move(message), {});
  }
  void Fail(std::string_view stage, double ms, const base::Error& error, bool program) {
    const std::string message = ConnectMessage(error.message);
    Add(stage, v1::StageOutcome::FAILED, ms, message, FixFor(stage, name_, error, program));
    result_.status.set_message(std::string(stage) + ": " + message);
  }

  ProbeResult& result() { return result_; }

 private:
  void Add(std::string_view name, v1::StageOutcome::Value outcome, double ms, std::string message,
           std::string fix) {
    v1::Stage& stage = *result_.status.add_stages();
    stage.set_name(std::string(name));
    stage.set_outcome(outcome);
    stage.set_milliseconds(ms);
    stage.set_message(std::move(message));
    stage.set_fix(std::move(fix));
    on_stage_(stage);
  }

  const std::string name_;
  const std::function<void(const v1::Stage&)> on_stage_;
  ProbeResult result_;
};

// The stages up to http, of a server that was reached at least to `failed` (empty: wholly).
void AddConnectStages(Probe& probe, const base::http::Url& url,
                      const base::http::ConnectTimes& times, std::string_view failed) {
  const auto ms = [](microseconds time) { return Milliseconds(time); };
  if (failed == "dns") return;
  boost::system::error_code no_literal;
  boost::asio::ip::make_address(url.host, no_literal);
  if (no_literal) {
    probe.Pass("dns", ms(times.dns), {});
  } else {
    probe.Skip("dns", "an address");
  }
  if (failed == "tcp") return;
  probe.Pass("tcp", ms(times.tcp), {});
  if (failed == "tls") return;
  if (url.tls) {
    probe.Pass("tls", ms(times.tls), {});
  } else {
    probe.Skip("tls", "plain http");
  }
}

// What a first meeting tells of a server.
using Introduced = boost::system::result<mcp::Handshake, base::http::SendFailure>;

base::Task<Introduced> MeetOverHttp(base::http::Client& client, const base::http::Url& url,
                                    const mcp::HandshakeOptions& options) {
  Introduced met = co_await mcp::Meet(client, url, options);
  if (met && !met->session.empty())
    co_await mcp::legacy::CloseSession(client, url, met->session, {});
  co_return met;
}

base::Task<Introduced> MeetOverSse(base::Loop& loop, std::shared_ptr<base::http::Client> client,
                                   const base::http::Url& url, const mcp::HandshakeOptions& options,
                                   std::shared_ptr<const mcp::UpstreamTerms> terms) {
  const mcp::legacy::SseClient::Options connection{client, client, options.max_bytes,
                                                   options.times};
  base::http::Url stream = url;
  auto session =
      co_await SseSession::Open(loop, connection, std::move(stream), options, std::move(terms));
  if (!session) co_return session.error();
  mcp::Handshake met;
  met.revision = (*session)->revision();
  met.result = (*session)->introduction();
  (*session)->Close();
  co_return met;
}

// dns to handshake. False: it failed.
base::Task<bool> ReachRemote(Probe& probe, const v1::Server& server, Upstream& upstream,
                             BackendContext& context, base::CancelSignal& cancel) {
  const v1::Endpoint& endpoint = server.endpoint();
  const bool sse = endpoint.has_sse();
  const auto url =
      base::http::Url::Parse(sse ? endpoint.sse().url() : endpoint.streamable_http().url());
  if (!url) {
    probe.Fail("http", 0, url.error(), false);
    co_return false;
  }
  // Connections of its own, so that every stage is really tried.
  const std::shared_ptr<base::http::Client> client =
      base::http::Client::Create(context.loop, context.limits.ForClient());
  base::http::ConnectTimes times;
  mcp::HandshakeOptions options;
  options.cancel = &cancel;
  options.first_byte = kFirstByte;
  options.times = &times;
  const auto shown = co_await ShowOwn(server, context, cancel);
  if (shown.has_error()) {
    probe.Fail("auth", 0, shown.error(), false);
    co_return false;
  }
  std::vector<base::http::Field> fields;
  if (*shown) {
    for (const auto& line : (*shown)->lines) fields.push_back({line.name, line.value});
    options.fields = fields;
    options.tls = (*shown)->tls;
  }
  const auto begun = steady_clock::now();
  std::optional<Introduced> first;
  if (sse) {
    std::shared_ptr<const mcp::UpstreamTerms> terms;
    if (*shown) terms = state::WithShown(nullptr, **shown);
    first = co_await MeetOverSse(context.loop, client, *url, options, std::move(terms));
  } else {
    first = co_await MeetOverHttp(*client, *url, options);
  }
  Introduced& met = *first;
  const auto connecting = times.dns + times.tcp + times.tls;
  const double ms = Milliseconds(steady_clock::now() - begun - connecting);
  const std::string_view failed = met ? std::string_view() : met.error().stage;
  AddConnectStages(probe, *url, times, failed);
  if (!met) {
    if (failed == "auth" || failed == "handshake") probe.Pass("http", ms, {});
    if (failed == "handshake") probe.Skip("auth", "not asked for");
    probe.Fail(failed, failed == "dns" || failed == "tcp" || failed == "tls" ? 0 : ms,
               met.error().error, false);
    co_return false;
  }
  probe.Pass("http", 0, {});
  probe.Pass("auth", 0, *shown ? "credential " + (*shown)->credential : "none needed");
  probe.Pass("handshake", ms, "speaks " + std::string(mcp::ToString(met->revision)));
  upstream.Know(met->revision, std::move(met->result));
  co_return true;
}

// start and handshake. False: it failed.
base::Task<bool> ReachProgram(Probe& probe, mcp::Handler& backend, Upstream& upstream,
                              std::size_t max_bytes, base::CancelSignal& cancel) {
  const auto begun = steady_clock::now();
  const auto asked = co_await AskServer(backend, mcp::kLatestLegacy, mcp::kDiscoverMethod, "{}",
                                        max_bytes, cancel);
  const double ms = Milliseconds(steady_clock::now() - begun);
  if (!asked) {
    constexpr std::string_view kStart = "start: ";
    constexpr std::string_view kHandshake = "handshake: ";
    base::Error error = asked.error();
    const bool started = error.message.starts_with(kHandshake);
    if (error.message.starts_with(kStart)) error.message.erase(0, kStart.size());
    if (started) error.message.erase(0, kHandshake.size());
    if (started) probe.Pass("start", 0, {});
    probe.Fail(started ? "handshake" : "start", ms, error, true);
    co_return false;
  }
  const std::optional<mcp::Revision> revision = upstream.revision();
  probe.Pass("start", 0, {});
  const std::string speaks = revision ? std::string(mcp::ToString(*revision)) : "MCP";
  probe.Pass("handshake", ms, "speaks " + speaks);
  co_return revision.has_value();
}

void FillInfo(v1::ServerInfo& info, mcp::Revision revision, std::string_view introduction) {
  if (mcp::IsModern(revision)) {
    mcp::Elements versions(mcp::Member(introduction, "supportedVersions"));
    while (versions.Next()) info.add_protocol_revisions(mcp::DecodeString(versions.value()));
    info.set_server_info_json(std::string(
        mcp::Member(mcp::Member(introduction, "_meta"), "io.modelcontextprotocol/serverInfo")));
  } else {
    info.add_protocol_revisions(std::string(mcp::ToString(revision)));
    info.set_server_info_json(std::string(mcp::Member(introduction, "serverInfo")));
  }
  info.set_capabilities_json(std::string(mcp::Member(introduction, "capabilities")));
  info.set_instructions(mcp::DecodeString(mcp::Member(introduction, "instructions")));
}

std::string Counted(int count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// `24 tools, 2 prompts`
std::string Summary(const v1::ServerStatus& status) {
  std::string text = Counted(status.tools(), "tool");
  if (status.prompts() > 0) text += ", " + Counted(status.prompts(), "prompt");
  if (status.resources() > 0) text += ", " + Counted(status.resources(), "resource");
  return text;
}

void Count(v1::ServerStatus& status, const std::vector<v1::Definition>& definitions) {
  for (const v1::Definition& definition : definitions) {
    if (definition.kind() == v1::DefinitionKind::TOOL) status.set_tools(status.tools() + 1);
    if (definition.kind() == v1::DefinitionKind::PROMPT) status.set_prompts(status.prompts() + 1);
    if (definition.kind() == v1::DefinitionKind::RESOURCE) {
      status.set_resources(status.resources() + 1);
    }
  }
}

// Members must offer the same: the first that can be reached is asked. Its stages are told, or those of
// the last.
base::Task<ProbeResult> ProbePool(std::string name, v1::Server spec, BackendContext& context,
                                  base::CancelSignal& cancel,
                                  std::function<void(const v1::Stage&)> on_stage) {
  std::vector<v1::PoolMember> members(spec.endpoint().pool().members().begin(),
                                      spec.endpoint().pool().members().end());
  std::stable_sort(
      members.begin(), members.end(), [](const v1::PoolMember& a, const v1::PoolMember& b) {
        return a.draining() != b.draining() ? b.draining() : a.priority() < b.priority();
      });
  ProbeResult result;
  std::vector<v1::Stage> stages;
  for (const v1::PoolMember& member : members) {
    stages.clear();
    std::function<void(const v1::Stage&)> note = [&stages](const v1::Stage& stage) {
      stages.push_back(stage);
    };
    v1::Server single = SpecOf(spec, member);
    std::shared_ptr<mcp::Handler> backend = MakeBackend(name, single, context);
    result = co_await ProbeServer(name, std::move(single), std::move(backend), context, cancel,
                                  std::move(note));
    if (result.listed || cancel.requested()) break;
  }
  for (const v1::Stage& stage : stages) on_stage(stage);
  co_return result;
}

}  // namespace

base::Task<ProbeResult> ProbeServer(std::string name, v1::Server spec,
                                    std::shared_ptr<mcp::Handler> backend, BackendContext& context,
                                    base::CancelSignal& cancel,
                                    std::function<void(const v1::Stage&)> on_stage) {
  if (spec.endpoint().has_pool()) {
    co_return co_await ProbePool(std::move(name), std::move(spec), context, cancel,
                                 std::move(on_stage));
  }
  Probe probe(name, std::move(on_stage));
  const bool program = spec.endpoint().has_stdio();
  const std::shared_ptr<Upstream> upstream = context.upstreams.Find(BackendKey(name, spec));
  Deadline deadline(context.loop, cancel, program ? kProgramTimeout : kProbeTimeout);
  bool reached = false;
  if (program) {
    reached = co_await ReachProgram(probe, *backend, *upstream, context.limits.max_event_bytes,
                                    deadline.signal());
  } else {
    reached = co_await ReachRemote(probe, spec, *upstream, context, deadline.signal());
  }
  const std::optional<mcp::Revision> revision = upstream->revision();
  if (!reached || !revision) co_return std::move(probe.result());

  const std::shared_ptr<const std::string> introduction = upstream->introduction();
  v1::ServerInfo& info = *probe.result().definitions.mutable_info();
  FillInfo(info, *revision, *introduction);
  const auto begun = steady_clock::now();
  const std::string capabilities = info.capabilities_json();
  const auto definitions =
      co_await ListEverything(*backend, *revision, capabilities, context.limits, deadline.signal());
  const double ms = Milliseconds(steady_clock::now() - begun);
  v1::ServerStatus& status = probe.result().status;
  if (!definitions) {
    status.set_health(v1::Health::DEGRADED);
    probe.Fail("list", ms, definitions.error(), program);
    co_return std::move(probe.result());
  }
  Count(status, *definitions);
  status.set_health(v1::Health::HEALTHY);
  probe.Pass("list", ms, Summary(status));
  for (const v1::Definition& definition : *definitions) {
    *probe.result().definitions.add_definitions() = definition;
  }
  probe.result().listed = true;
  co_return std::move(probe.result());
}

}  // namespace gateway
