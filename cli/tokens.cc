// token: what people and pipelines prove themselves with, when they work on the catalog.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/in_force.h"
#include "cli/lifetime.h"
#include "cli/registry_url.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct CreateArguments {
  std::string name;
  std::string role = "VIEWER";
  std::vector<std::string> namespaces;
  std::string expires;
  std::string description;
};

// Gateways refuse the call tokens of a token that they have not heard of.
void WaitUntilKnown(RegistryClient& registry, const std::string& name) {
  v1::GetRequest request;
  request.set_kind("Token");
  request.set_name(name);
  if (const auto token = registry.Get(request))
    WaitUntilInForce(registry, token->resource().revision());
}

Exit Create(Context& context, const CreateArguments& arguments) {
  Printer& printer = context.printer();
  const auto lifetime = ParseLifetime(arguments.expires);
  if (!lifetime) return printer.Fail(NoLifetime(arguments.expires));
  v1::CreateTokenRequest request;
  request.set_name(arguments.name);
  v1::Role::Value role = v1::Role::UNSPECIFIED;
  v1::Role::Value_Parse(arguments.role, &role);
  request.set_role(role);
  for (const std::string& name_space : arguments.namespaces) request.add_namespaces(name_space);
  request.set_expires_in_s(*lifetime);
  request.set_description(arguments.description);
  auto created = context.registry().CreateToken(request);
  if (!created) return printer.Fail(FailureFrom(created.error(), "token"));
  WaitUntilKnown(context.registry(), arguments.name);
  ordered_json tree = {
      {"name", arguments.name}, {"role", arguments.role}, {"token", created->token()}};
  const auto url = RegistryUrlOf(context, created->token());
  if (url) tree["registry_url"] = *url;
  printer.One(tree, arguments.name, [&] {
    printer.Say("✓ token " + arguments.name + ", shown only now:");
    printer.out() << created->token() << '\n';
    if (url) printer.Say("  reads the registry without a header (VS Code, Copilot):  " + *url);
  });
  return Exit::kOk;
}

Exit PrintUrl(Context& context) {
  Printer& printer = context.printer();
  const std::string& credential =
      context.options().key.empty() ? context.token() : context.options().key;
  const auto url = RegistryUrlOf(context, credential);
  if (!url) {
    return printer.Fail({Exit::kUsage, "token",
                         "this needs a token or a key of its own (--token, --key), and a registry "
                         "that answers; the admin token stands in no URL",
                         "portolan token create NAME --role viewer"});
  }
  printer.One({{"registry_url", *url}}, *url, [&] { printer.out() << *url << '\n'; });
  return Exit::kOk;
}

Exit List(Context& context) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("Token");
  auto tokens = context.registry().List(request);
  if (!tokens) return printer.Fail(FailureFrom(tokens.error(), "token"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *tokens) {
    const v1::Token& token = resource.token();
    Row row;
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.cells = {
        {resource.name(), Tone::kStrong},
        {token.revoked() ? "revoked" : "active", token.revoked() ? Tone::kFaint : Tone::kGood},
        {TimeOfDay(token.created_at_ms())},
        {token.expires_at_ms() ? TimeOfDay(token.expires_at_ms()) : "never"},
        {token.description()}};
    rows.push_back(std::move(row));
  }
  printer.List({{"TOKEN"}, {"STATE"}, {"CREATED"}, {"EXPIRES"}, {"DESCRIPTION"}}, rows,
               "no tokens yet      portolan token create NAME --role publisher");
  return Exit::kOk;
}

Exit Revoke(Context& context, const std::string& name) {
  Printer& printer = context.printer();
  v1::RevokeTokenRequest request;
  request.set_name(name);
  auto revoked = context.registry().RevokeToken(request);
  if (!revoked) return printer.Fail(FailureFrom(revoked.error(), "token"));
  const ordered_json tree = {{"kind", "Token"}, {"name", name}, {"revision", revoked->revision()}};
  printer.One(tree, name,
              [&] { printer.Did(printer.Paint(Tone::kGood, "✓") + " revoked " + name); });
  return Exit::kOk;
}

}  // namespace

void AddTokens(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("token", "Tokens of people and pipelines, each with a role");

  auto create = std::make_shared<CreateArguments>();
  verbs
      .AddTo(family, "create", "Make a token and bind it to a role",
             "portolan token create ci --role publisher --namespace io.github.acme",
             [create](Context& context) { return Create(context, *create); })
      .Word("name", create->name, "NAME", "Of the token; the principal is token/NAME")
      .Choice("--role", create->role, {"VIEWER", "PUBLISHER", "APPROVER", "OPERATOR", "ADMIN"},
              "What it may do")
      .Options("--namespace", create->namespaces, "NAMESPACE",
               "Only there; io.github.* covers those below; may be given again")
      .Option("--expires", create->expires, "DURATION",
              "When it ends: 90s, 15m, 12h, 30d; without it never")
      .Option("--description", create->description, "TEXT", "What it is for");

  verbs.AddTo(family, "ls", "Every token, never its secret", "portolan token ls",
              [](Context& context) { return List(context); });

  verbs.AddTo(family, "url",
              "The registry's address for clients that send no header; reads as --token or --key",
              "portolan token url --key ptk_7k2m9q4x1a8b_...",
              [](Context& context) { return PrintUrl(context); });

  auto name = std::make_shared<std::string>();
  verbs
      .AddTo(family, "revoke", "End a token; the next request with it is refused",
             "portolan token revoke ci",
             [name](Context& context) { return Revoke(context, *name); })
      .Word("name", *name, "NAME", "Of the token");
}

}  // namespace cli
