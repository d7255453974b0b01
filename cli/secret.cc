// secret: credentials that servers are shown. The secret itself comes on stdin and is told by nobody
// again.
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <iterator>
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/in_force.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct SetArguments {
  std::string name;
  std::string header;
  std::string prefix;
  std::string basic;
  std::string client;
  std::string token_url;
  std::string issuer;
  bool exchange = false;
  std::vector<std::string> scopes;
  std::vector<std::string> hosts;
  std::string env;
  std::string file;
};

// What is typed at a terminal is not shown there.
class Unseen {
 public:
  Unseen() : terminal_(::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!terminal_) return;
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
  }
  ~Unseen() {
    if (terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  bool terminal() const { return terminal_; }

 private:
  termios before_{};
  const bool terminal_;
};

// A line from a terminal; else all of stdin without the line end behind it.
std::string ReadSecret(Printer& printer, const std::string& name) {
  const Unseen unseen;
  std::string text;
  if (unseen.terminal()) {
    printer.Say("secret of " + name + " (not shown):");
    std::getline(std::cin, text);
  } else {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

void FillClient(v1::OAuthClient& client, const SetArguments& arguments, const v1::Secret& secret) {
  client.set_client_id(arguments.client);
  client.set_token_url(arguments.token_url);
  client.set_issuer(arguments.issuer);
  *client.mutable_client_secret() = secret;
}

void FillKind(v1::Credential& credential, const SetArguments& arguments, const v1::Secret& secret) {
  if (!arguments.client.empty() && arguments.exchange) {
    v1::TokenExchange& exchange = *credential.mutable_token_exchange();
    FillClient(*exchange.mutable_client(), arguments, secret);
    for (const std::string& scope : arguments.scopes) exchange.add_scopes(scope);
  } else if (!arguments.client.empty()) {
    v1::ClientCredentials& own = *credential.mutable_oauth_client_credentials();
    FillClient(*own.mutable_client(), arguments, secret);
    for (const std::string& scope : arguments.scopes) own.add_scopes(scope);
  } else if (!arguments.basic.empty()) {
    credential.mutable_basic()->set_username(arguments.basic);
    *credential.mutable_basic()->mutable_password() = secret;
  } else {
    v1::HeaderCredential& header = *credential.mutable_header();
    header.set_name(arguments.header);
    header.set_prefix(arguments.prefix);
    *header.mutable_secret() = secret;
  }
}

std::string KindOf(const v1::Credential& credential) {
  switch (credential.kind_case()) {
    case v1::Credential::kHeader:
      return "header " + (credential.header().name().empty() ? std::string("Authorization")
                                                             : credential.header().name());
    case v1::Credential::kBasic: return "basic " + credential.basic().username();
    case v1::Credential::kClientCertificate: return "client certificate";
    case v1::Credential::kOauthClientCredentials:
      return "client " + credential.oauth_client_credentials().client().client_id();
    case v1::Credential::kTokenExchange:
      return "exchange " + credential.token_exchange().client().client_id();
    case v1::Credential::kOauthUser: return "account of each caller";
    case v1::Credential::KIND_NOT_SET: break;
  }
  return "unknown";
}

Exit Set(Context& context, const SetArguments& arguments) {
  Printer& printer = context.printer();
  v1::Secret secret;
  if (!arguments.env.empty()) {
    secret.set_env(arguments.env);
  } else if (!arguments.file.empty()) {
    secret.set_file(arguments.file);
  } else {
    const std::string value = ReadSecret(printer, arguments.name);
    if (value.empty()) {
      return printer.Fail({Exit::kUsage, "secret", "no secret came on stdin",
                           "printf %s \"$TOKEN\" | portolan secret set " + arguments.name});
    }
    secret.set_value(value);
  }
  v1::ApplyRequest request;
  v1::Resource& resource = *request.add_resources();
  resource.set_kind("Credential");
  resource.set_name(arguments.name);
  // What is not said here stays as it was.
  v1::GetRequest known;
  known.set_kind("Credential");
  known.set_name(arguments.name);
  if (const auto before = context.registry().Get(known)) {
    const v1::Credential& was = before->resource().credential();
    resource.mutable_credential()->set_description(was.description());
    *resource.mutable_credential()->mutable_hosts() = was.hosts();
  }
  if (!arguments.hosts.empty()) resource.mutable_credential()->clear_hosts();
  for (const std::string& host : arguments.hosts) resource.mutable_credential()->add_hosts(host);
  FillKind(*resource.mutable_credential(), arguments, secret);
  const auto applied = context.registry().Apply(request);
  if (!applied) return printer.Fail(FailureFrom(applied.error(), "secret"));
  const v1::ApplyResponse::Result& result = applied->results(0);
  WaitUntilInForce(context.registry(), result.revision());
  const ordered_json tree = {
      {"kind", "Credential"}, {"name", arguments.name}, {"revision", result.revision()}};
  printer.One(tree, arguments.name, [&] {
    const bool same = result.outcome() == v1::Outcome::UNCHANGED;
    printer.Did(printer.Paint(Tone::kGood, "✓") + (same ? " unchanged " : " kept ") +
                arguments.name);
    printer.Say("  show it to a server with  credential: " + arguments.name +
                "  in its spec (portolan apply)");
  });
  return Exit::kOk;
}

Exit List(Context& context) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("Credential");
  const auto credentials = context.registry().List(request);
  if (!credentials) return printer.Fail(FailureFrom(credentials.error(), "secret"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *credentials) {
    std::string hosts;
    for (const std::string& host : resource.credential().hosts())
      hosts += (hosts.empty() ? "" : " ") + host;
    Row row;
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.cells = {{resource.name(), Tone::kStrong},
                 {KindOf(resource.credential())},
                 {hosts.empty() ? "its servers'" : hosts},
                 {resource.credential().description()}};
    rows.push_back(std::move(row));
  }
  printer.List({{"SECRET"}, {"SHOWN AS"}, {"HOSTS"}, {"DESCRIPTION"}}, rows,
               "no secrets yet      portolan secret set NAME --header Authorization");
  return Exit::kOk;
}

Exit Remove(Context& context, const std::string& name) {
  Printer& printer = context.printer();
  v1::DeleteRequest request;
  request.set_kind("Credential");
  request.set_name(name);
  const auto removed = context.registry().Delete(request);
  if (!removed) return printer.Fail(FailureFrom(removed.error(), "secret"));
  const ordered_json tree = {
      {"kind", "Credential"}, {"name", name}, {"revision", removed->revision()}};
  printer.One(tree, name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " removed " + name);
    for (const std::string& warning : removed->warnings())
      printer.Say(printer.Paint(Tone::kWarning, "!") + " " + warning);
  });
  return Exit::kOk;
}

}  // namespace

void AddSecrets(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("secret", "Credentials that servers are shown");

  auto set = std::make_shared<SetArguments>();
  verbs
      .AddTo(family, "set", "Keep a secret; it comes on stdin and is told by nobody again",
             "printf %s \"$TOKEN\" | portolan secret set gh --prefix 'Bearer '",
             [set](Context& context) { return Set(context, *set); })
      .Word("name", set->name, "NAME", "By which servers and rules name it")
      .Option("--header", set->header, "NAME", "The header line it stands in (Authorization)")
      .Option("--prefix", set->prefix, "TEXT", "Before the secret, with its space: 'Bearer '")
      .Option("--basic", set->basic, "USER", "It is that user's password (RFC 7617)")
      .Option("--client", set->client, "ID",
              "It is that OAuth client's secret: a token is fetched and shown")
      .Option("--token-url", set->token_url, "URL", "Where the client's tokens come from")
      .Option("--issuer", set->issuer, "URL", "Or whose metadata says where")
      .Flag("--exchange", set->exchange,
            "Trade each caller's own token for the server's (RFC 8693)")
      .Options("--scope", set->scopes, "SCOPE", "Of the token; may be given again")
      .Options("--host", set->hosts, "HOST",
               "Shown there only; *.example.com covers those below; may be given again")
      .Option("--env", set->env, "VARIABLE",
              "Read it from the gateways' environment: PORTOLAN_SECRET_...")
      .Option("--file", set->file, "PATH",
              "Read it from a file of the gateways' folder of secrets");

  verbs.AddTo(family, "ls", "Every secret's name and kind, never what it is", "portolan secret ls",
              [](Context& context) { return List(context); });

  auto name = std::make_shared<std::string>();
  verbs
      .AddTo(family, "rm", "Remove a secret; servers that name it are not asked any more",
             "portolan secret rm gh", [name](Context& context) { return Remove(context, *name); })
      .Word("name", *name, "NAME", "Of the secret");
}

}  // namespace cli
