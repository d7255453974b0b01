// key: what callers prove themselves with.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/lifetime.h"
#include "cli/registry_url.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct CreateArguments {
  std::string consumer;
  std::string kind = "AGENT";
  std::string expires;
};

Exit Create(Context& context, const CreateArguments& arguments) {
  Printer& printer = context.printer();
  v1::CreateKeyRequest request;
  request.set_consumer(arguments.consumer);
  v1::ConsumerKind::Value kind = v1::ConsumerKind::UNSPECIFIED;
  v1::ConsumerKind::Value_Parse(arguments.kind, &kind);
  request.set_kind(kind);
  const auto lifetime = ParseLifetime(arguments.expires);
  if (!lifetime) return printer.Fail(NoLifetime(arguments.expires));
  request.set_expires_in_s(*lifetime);
  auto created = context.registry().CreateKey(request);
  if (!created) return printer.Fail(FailureFrom(created.error(), "key"));
  ordered_json tree = {
      {"id", created->id()}, {"consumer", arguments.consumer}, {"key", created->key()}};
  const auto url = RegistryUrlOf(context, created->key());
  if (url) tree["registry_url"] = *url;
  printer.One(tree, created->id(), [&] {
    printer.Say("✓ key " + created->id() + " of " + arguments.consumer + ", shown only now:");
    printer.out() << created->key() << '\n';
    if (url) printer.Say("  reads the registry without a header (VS Code, Copilot):  " + *url);
  });
  return Exit::kOk;
}

Exit List(Context& context) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("ApiKey");
  auto keys = context.registry().List(request);
  if (!keys) return printer.Fail(FailureFrom(keys.error(), "key"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *keys) {
    const v1::ApiKey& key = resource.api_key();
    Row row;
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.tree["spec"].erase("sha256");
    row.cells = {{resource.name(), Tone::kStrong},
                 {key.consumer()},
                 {key.revoked() ? "revoked" : "active", key.revoked() ? Tone::kFaint : Tone::kGood},
                 {TimeOfDay(key.created_at_ms())},
                 {key.expires_at_ms() ? TimeOfDay(key.expires_at_ms()) : "never"}};
    rows.push_back(std::move(row));
  }
  printer.List({{"KEY"}, {"CONSUMER"}, {"STATE"}, {"CREATED"}, {"EXPIRES"}}, rows,
               "no keys yet      portolan key create NAME");
  return Exit::kOk;
}

Exit Revoke(Context& context, std::string id) {
  Printer& printer = context.printer();
  // Whoever pastes the whole key means its id, which is its second part.
  if (id.starts_with("ptk_")) id = id.substr(4, id.find('_', 4) - 4);
  v1::RevokeKeyRequest request;
  request.set_id(id);
  auto revoked = context.registry().RevokeKey(request);
  if (!revoked) return printer.Fail(FailureFrom(revoked.error(), "key"));
  ordered_json tree = {{"kind", "ApiKey"}, {"name", id}, {"revision", revoked->revision()}};
  printer.One(tree, id, [&] { printer.Did(printer.Paint(Tone::kGood, "✓") + " revoked " + id); });
  return Exit::kOk;
}

}  // namespace

void AddKeys(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("key", "API keys of consumers");

  auto create = std::make_shared<CreateArguments>();
  verbs
      .AddTo(family, "create", "Make a key, and its consumer when there is none",
             "portolan key create alice --expires 30d",
             [create](Context& context) { return Create(context, *create); })
      .Word("name", create->consumer, "CONSUMER", "Whose key it is")
      .Choice("--kind", create->kind, {"AGENT", "USER", "SERVICE"}, "Of a new consumer")
      .Option("--expires", create->expires, "DURATION",
              "When it ends: 90s, 15m, 12h, 30d; without it never");

  verbs.AddTo(family, "ls", "Every key, never its secret", "portolan key ls",
              [](Context& context) { return List(context); });

  auto id = std::make_shared<std::string>();
  verbs
      .AddTo(family, "revoke", "End a key; gateways refuse it within a second",
             "portolan key revoke 7k2m9q4x1a8b",
             [id](Context& context) { return Revoke(context, *id); })
      .Word("id", *id, "ID", "As `portolan key ls` shows it");
}

}  // namespace cli
