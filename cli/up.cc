// up: both daemons on this machine, supervised; with --demo a server to try.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/http/server.h"
#include "base/http/tls.h"
#include "base/process.h"
#include "cli/addresses.h"
#include "cli/context.h"
#include "cli/demo_catalog.h"
#include "cli/in_force.h"
#include "cli/local_data.h"
#include "cli/supervisor.h"
#include "cli/verbs.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kPatience{30};

struct Arguments {
  std::string gateway_listen = "127.0.0.1:8900";
  std::string http_listen = "127.0.0.1:8901";
  std::string grpc_listen = "127.0.0.1:8902";
  std::string admin_listen = "127.0.0.1:8903";
  std::string public_url;
  std::string gateway_public_url;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  bool insecure_listen = false;
  bool allow_stdio = false;
  // --allow-stdio was given; else it follows from where the gateway listens.
  bool stdio_decided = false;
  bool demo = false;
  bool print_endpoints = false;
};

// All addresses decided: the same for every start of a daemon.
struct Plan {
  std::string data;
  std::string gateway;
  std::string http;
  std::string grpc;
  std::string admin;
  std::string demo;
  std::string url;
  std::string gateway_url;
  // Empty: plain. The registry's certificate vouches for itself to those on this machine, who reach
  // it by an address that it need not be for.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tls_name;
  const char* scheme = "http://";

  base::rpc::Peer registry() const { return {ReachableAddress(grpc), tls_cert, tls_name, "", ""}; }
};

base::Result<void> PlanTls(const Arguments& arguments, Plan& plan) {
  const auto files =
      base::http::ServerTls{arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca};
  if (files.certificate_file.empty() && files.key_file.empty() && files.client_ca_file.empty())
    return {};
  if (files.certificate_file.empty() || files.key_file.empty()) {
    return base::Fail(base::Code::kInvalidArgument,
                      "--tls-cert and --tls-key need each other, and --tls-client-ca both");
  }
  auto name = base::http::NameInCertificate(files.certificate_file);
  if (!name) return name.error().WithContext("--tls-cert");
  const auto absolute = [](const std::string& file) {
    return file.empty() ? file : std::filesystem::absolute(file).lexically_normal().string();
  };
  plan.tls_cert = absolute(files.certificate_file);
  plan.tls_key = absolute(files.key_file);
  plan.tls_client_ca = absolute(files.client_ca_file);
  plan.tls_name = *std::move(name);
  plan.scheme = "https://";
  return {};
}

base::Result<Plan> MakePlan(const Arguments& arguments, const std::string& data) {
  Plan plan;
  plan.data = std::filesystem::absolute(data).lexically_normal().string();
  struct {
    const char* flag;
    const std::string& given;
    std::string& resolved;
  } addresses[] = {{"--gateway-listen", arguments.gateway_listen, plan.gateway},
                   {"--http-listen", arguments.http_listen, plan.http},
                   {"--grpc-listen", arguments.grpc_listen, plan.grpc},
                   {"--admin-listen", arguments.admin_listen, plan.admin}};
  for (auto& address : addresses) {
    auto resolved = ResolveListen(address.given);
    if (!resolved) return resolved.error().WithContext(address.flag);
    address.resolved = *resolved;
  }
  if (arguments.demo) {
    auto resolved = ResolveListen("127.0.0.1:0");
    if (!resolved) return resolved.error();
    plan.demo = *resolved;
  }
  if (auto ok = PlanTls(arguments, plan); !ok) return ok.error();
  plan.url = arguments.public_url.empty() ? plan.scheme + ReachableAddress(plan.http)
                                          : arguments.public_url;
  plan.gateway_url = arguments.gateway_public_url.empty()
                         ? plan.scheme + ReachableAddress(plan.gateway)
                         : arguments.gateway_public_url;
  return plan;
}

// Held as long as we live: one `up` to a data directory.
base::Result<int> LockData(const std::string& data) {
  std::error_code error;
  std::filesystem::create_directories(data + "/run", error);
  if (error)
    return base::Fail(base::Code::kUnavailable, "cannot make " + data + ": " + error.message());
  chmod(data.c_str(), 0700);
  int lock = open((data + "/up.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return base::Fail(base::Code::kUnavailable, data + "/up.lock: " + std::strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return base::Fail(base::Code::kAlreadyExists, "portolan up runs already on " + data);
  }
  return lock;
}

Program MakeProgram(const Plan& plan, const std::string& name, std::vector<std::string> flags) {
  Program program;
  program.name = name;
  program.endpoints_file = plan.data + "/run/" + name + ".endpoints";
  program.argv = {base::ProgramFolder() + "/portolan-" + name};
  program.argv.insert(program.argv.end(), flags.begin(), flags.end());
  program.argv.insert(program.argv.end(), {"--endpoints-file", program.endpoints_file});
  // On a terminal the log would drown what is said; a service manager wants it.
  if (isatty(STDERR_FILENO)) {
    program.log_file = plan.data + "/run/" + name + ".log";
    std::error_code ignored;
    std::filesystem::rename(program.log_file, program.log_file + ".1", ignored);
  }
  return program;
}

Program RegistryProgram(const Plan& plan, const Arguments& arguments) {
  std::vector<std::string> flags = {
      "--data",        plan.data, "--http-listen",        plan.http,
      "--grpc-listen", plan.grpc, "--gateway-public-url", plan.gateway_url};
  if (!arguments.public_url.empty())
    flags.insert(flags.end(), {"--public-url", arguments.public_url});
  if (arguments.insecure_listen) flags.emplace_back("--insecure-listen");
  if (!plan.tls_cert.empty())
    flags.insert(flags.end(), {"--tls-cert", plan.tls_cert, "--tls-key", plan.tls_key});
  return MakeProgram(plan, "registry", std::move(flags));
}

Program GatewayProgram(const Plan& plan, const Arguments& arguments) {
  std::vector<std::string> flags = {
      "--data",         plan.data,  "--listen",   plan.gateway,
      "--admin-listen", plan.admin, "--registry", ReachableAddress(plan.grpc),
      "--portal-url",   plan.url};
  if (!arguments.gateway_public_url.empty()) {
    flags.insert(flags.end(), {"--public-url", arguments.gateway_public_url});
  }
  if (arguments.insecure_listen) flags.emplace_back("--insecure-listen");
  if (!plan.tls_cert.empty()) {
    flags.insert(flags.end(),
                 {"--tls-cert", plan.tls_cert, "--tls-key", plan.tls_key, "--registry-ca-file",
                  plan.tls_cert, "--registry-name", plan.tls_name});
  }
  if (!plan.tls_client_ca.empty())
    flags.insert(flags.end(), {"--tls-client-ca", plan.tls_client_ca});
  auto listen = base::http::ListenAddress::Parse(plan.gateway);
  bool loopback = listen && listen->is_loopback();
  if (arguments.stdio_decided ? arguments.allow_stdio : loopback)
    flags.emplace_back("--allow-stdio");
  return MakeProgram(plan, "gateway", std::move(flags));
}

void PrintBlock(Printer& printer, const Plan& plan, const std::string& portal,
                RegistryClient& registry) {
  auto pad = [](std::string text) {
    text.resize(std::max<std::size_t>(text.size(), 29), ' ');
    return text;
  };
  std::size_t servers = 0;
  std::int64_t tools = 0;
  v1::ListRequest request;
  request.set_kind("Server");
  if (auto list = registry.List(request)) servers = list->size();
  if (auto statuses = registry.ListStatus({})) {
    for (const auto& status : statuses->statuses()) tools += status.tools();
  }
  std::string offers = std::to_string(servers) + (servers == 1 ? " server, " : " servers, ") +
                       WithCommas(tools) + (tools == 1 ? " tool" : " tools");
  printer.Did("registry   " + pad(plan.url) + "grpc " + ReachableAddress(plan.grpc));
  printer.Did("gateway    " + pad(plan.gateway_url) + "admin http://" +
              ReachableAddress(plan.admin));
  printer.Did("portal     " + portal + "   (opens once, for you)");
  printer.Did("data       " + pad(plan.data) + offers);
  printer.Did(plan.demo.empty()
                  ? "next       portolan add NAME URL   or   portolan add NAME -- COMMAND"
                  : "next       portolan call demo.add a=2 b=3   or   portolan search \"weather in "
                    "a city\"");
}

Exit RunAll(Context& context, const Arguments& arguments, const Plan& plan,
            Supervisor& supervisor) {
  Printer& printer = context.printer();
  auto fail = [&](const base::Error& error) {
    if (error.code == base::Code::kCancelled) return Exit::kOk;
    std::string next =
        isatty(STDERR_FILENO) ? "its log is in " + plan.data + "/run" : "its reason stands above";
    return printer.Fail({Exit::kFailed, "up", error.message, next});
  };
  // The registry first: it makes the token that the gateway joins with.
  if (auto ready = supervisor.Start(RegistryProgram(plan, arguments), kPatience); !ready)
    return fail(ready.error());
  if (arguments.demo) {
    auto ready = supervisor.Start(MakeProgram(plan, "demo", {"--listen", plan.demo}), kPatience);
    if (!ready) return fail(ready.error());
  }
  if (auto ready = supervisor.Start(GatewayProgram(plan, arguments), kPatience); !ready)
    return fail(ready.error());

  RegistryClient registry(plan.registry(), ReadSmallFile(plan.data + "/admin.token").value_or(""));
  // So that the next command finds a gateway.
  WaitUntilConnected(registry);
  if (arguments.demo) {
    auto registered = RegisterDemo(registry, "http://" + plan.demo + "/mcp");
    if (!registered) return fail(registered.error().WithContext("register the demo"));
    // So that the next command finds its tools.
    WaitUntilChecked(registry, "local/demo");
  }
  auto portal = registry.CreatePortalLink();
  if (!portal) return fail(portal.error().WithContext("make the portal's link"));
  Endpoints endpoints = {{"gateway", plan.gateway_url},
                         {"http", plan.url},
                         {"grpc", plan.registry().address},
                         {"admin", "http://" + ReachableAddress(plan.admin)}};
  Endpoints kept = endpoints;
  if (!plan.tls_cert.empty()) {
    kept.emplace_back("registry_ca", plan.tls_cert);
    kept.emplace_back("registry_name", plan.tls_name);
  }
  if (auto written = WriteEndpoints(plan.data + "/endpoints", kept); !written)
    return fail(written.error());
  if (arguments.print_endpoints) {
    for (const auto& [key, value] : endpoints) printer.out() << key << '=' << value << '\n';
    printer.out() << "portal=" << portal->url() << '\n' << std::flush;
  } else {
    PrintBlock(printer, plan, portal->url(), registry);
  }
  supervisor.Run();
  return Exit::kOk;
}

Exit Up(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  auto plan = MakePlan(arguments, context.data());
  if (!plan) return printer.Fail({Exit::kUsage, "up", plan.error().message, ""});
  auto lock = LockData(plan->data);
  if (!lock) {
    return printer.Fail({Exit::kFailed, "up", lock.error().message,
                         lock.error().code == base::Code::kAlreadyExists
                             ? "see it:  portolan ls      another one:  --data DIR"
                             : ""});
  }
  auto supervisor =
      Supervisor::Create(plan->data + "/run", [&](const std::string& line) { printer.Say(line); });
  if (!supervisor) return printer.Fail({Exit::kFailed, "up", supervisor.error().message, ""});
  Exit exit = RunAll(context, arguments, *plan, **supervisor);
  (*supervisor)->Stop();
  unlink((plan->data + "/endpoints").c_str());
  return exit;
}

}  // namespace

void AddUp(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("up", "Start registry and gateway on this machine, and keep them running",
           "portolan up --demo", [arguments](Context& context) { return Up(context, *arguments); })
      .Option("--gateway-listen", arguments->gateway_listen, "HOST:PORT", "MCP traffic")
      .Option("--http-listen", arguments->http_listen, "HOST:PORT",
              "Portal, discovery, registry API")
      .Option("--grpc-listen", arguments->grpc_listen, "HOST:PORT", "The registry's gRPC")
      .Option("--admin-listen", arguments->admin_listen, "HOST:PORT",
              "The gateway's health and metrics")
      .Option("--public-url", arguments->public_url, "URL", "What clients see of the registry")
      .Option("--gateway-public-url", arguments->gateway_public_url, "URL",
              "What clients see of the gateway")
      .Option("--tls-cert", arguments->tls_cert, "FILE",
              "PEM file of a certificate and its chain: registry and gateway speak TLS")
      .Option("--tls-key", arguments->tls_key, "FILE", "PEM file of its key")
      .Option("--tls-client-ca", arguments->tls_client_ca, "FILE",
              "Callers of the gateway must show a certificate that one of these signed")
      .Flag("--insecure-listen", arguments->insecure_listen,
            "Listen off loopback without TLS, knowingly (containers)")
      .Flag("--allow-stdio,!--no-allow-stdio", arguments->allow_stdio, arguments->stdio_decided,
            "Let the gateway start programs; without it, only a gateway on loopback does")
      .Flag("--demo", arguments->demo, "Also start and register a server to try")
      .Flag("--print-endpoints", arguments->print_endpoints,
            "For scripts: five lines KEY=VALUE once everything is ready");
}

}  // namespace cli
