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
  std::string product;
  std::string subscription;
};

// Whoever pastes the whole key means its id, which is its second part.
std::string IdOf(const std::string& word) {
  return word.starts_with("ptk_") ? word.substr(4, word.find('_', 4) - 4) : word;
}

// A new key, and the one of the other slot when there is one: shown only now.
void PrintCreated(Printer& printer, const v1::CreateKeyResponse& created,
                  const std::string& consumer) {
  const auto print = [&](const std::string& id, const std::string& key, std::string_view slot) {
    if (key.empty()) return;
    printer.Say("✓ " + std::string(slot) + "key " + id + " of " + consumer + ", shown only now:");
    printer.out() << key << '\n';
  };
  const bool subscribed = !created.subscription().empty();
  print(created.id(), created.key(), subscribed ? "primary " : "");
  print(created.secondary_id(), created.secondary_key(), "secondary ");
  if (subscribed) printer.Say("  subscription " + created.subscription());
}

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
  request.set_product(arguments.product);
  request.set_subscription(arguments.subscription);
  auto created = context.registry().CreateKey(request);
  if (!created) return printer.Fail(FailureFrom(created.error(), "key"));
  ordered_json tree = {
      {"id", created->id()}, {"consumer", arguments.consumer}, {"key", created->key()}};
  if (!created->subscription().empty()) {
    tree["secondary_id"] = created->secondary_id();
    tree["secondary_key"] = created->secondary_key();
    tree["subscription"] = created->subscription();
  }
  const auto url = RegistryUrlOf(context, created->key());
  if (url) tree["registry_url"] = *url;
  printer.One(tree, created->id(), [&] {
    PrintCreated(printer, *created, arguments.consumer);
    if (url) printer.Say("  reads the registry without a header (VS Code, Copilot):  " + *url);
  });
  return Exit::kOk;
}

struct RotateArguments {
  std::string id;
  std::string overlap;
  std::string expires;
};

Exit Rotate(Context& context, const RotateArguments& arguments) {
  Printer& printer = context.printer();
  const std::string id = IdOf(arguments.id);
  const auto overlap = ParseLifetime(arguments.overlap);
  if (!overlap) return printer.Fail(NoEnd(arguments.overlap));
  const auto lifetime = ParseLifetime(arguments.expires);
  if (!lifetime) return printer.Fail(NoLifetime(arguments.expires));
  v1::RotateKeyRequest request;
  request.set_id(id);
  request.set_overlap_s(*overlap);
  request.set_expires_in_s(*lifetime);
  auto rotated = context.registry().RotateKey(request);
  if (!rotated) return printer.Fail(FailureFrom(rotated.error(), "key"));
  printer.One({{"id", rotated->id()}, {"key", rotated->key()}, {"instead_of", id}}, rotated->id(),
              [&] {
                printer.Say("✓ key " + rotated->id() + " in the place of " + id +
                            (*overlap == 0 ? ", which is refused from now on"
                                           : ", which is good for another " + arguments.overlap) +
                            "; shown only now:");
                printer.out() << rotated->key() << '\n';
              });
  return Exit::kOk;
}

Exit Change(Context& context, v1::ChangeKeyRequest request, std::string_view what) {
  Printer& printer = context.printer();
  request.set_id(IdOf(request.id()));
  auto changed = context.registry().ChangeKey(request);
  if (!changed) return printer.Fail(FailureFrom(changed.error(), "key"));
  const ordered_json tree = {
      {"kind", "ApiKey"}, {"name", request.id()}, {"revision", changed->revision()}};
  printer.One(tree, request.id(), [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + std::string(what) + " " + request.id());
  });
  return Exit::kOk;
}

Exit Suspend(Context& context, const std::string& id, bool suspended) {
  v1::ChangeKeyRequest request;
  request.set_id(id);
  request.set_suspended(suspended);
  return Change(context, std::move(request), suspended ? "suspended" : "resumed");
}

Exit Expire(Context& context, const std::string& id, const std::string& when) {
  const auto end = ParseEnd(when);
  if (!end) return context.printer().Fail(NoEnd(when));
  v1::ChangeKeyRequest request;
  request.set_id(id);
  request.set_expires_at_ms(*end);
  return Change(context, std::move(request), "changed the end of");
}

Cell StateOf(const v1::ApiKey& key) {
  if (key.revoked()) return {"revoked", Tone::kFaint};
  if (key.suspended()) return {"suspended", Tone::kWarning};
  return {"active", Tone::kGood};
}

std::string SlotOf(const v1::ApiKey& key) {
  if (key.subscription().empty()) return "–";
  return key.subscription() + (key.slot() == v1::KeySlot::SECONDARY ? ", secondary" : ", primary");
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
                 StateOf(key),
                 {SlotOf(key)},
                 {TimeOfDay(key.created_at_ms())},
                 {key.expires_at_ms() ? TimeOfDay(key.expires_at_ms()) : "never"}};
    rows.push_back(std::move(row));
  }
  printer.List({{"KEY"}, {"CONSUMER"}, {"STATE"}, {"SUBSCRIPTION"}, {"CREATED"}, {"EXPIRES"}}, rows,
               "no keys yet      portolan key create NAME");
  return Exit::kOk;
}

Exit Revoke(Context& context, std::string id) {
  Printer& printer = context.printer();
  id = IdOf(id);
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
              "When it ends: 90s, 15m, 12h, 30d; without it never")
      .Option("--product", create->product, "NAME",
              "Subscribes to it, and makes both keys of the subscription")
      .Option("--subscription", create->subscription, "ID",
              "Makes those of its two keys that are missing");

  verbs.AddTo(family, "ls", "Every key, never its secret", "portolan key ls",
              [](Context& context) { return List(context); });

  auto id = std::make_shared<std::string>();
  verbs
      .AddTo(family, "revoke", "End a key; gateways refuse it within a second",
             "portolan key revoke 7k2m9q4x1a8b",
             [id](Context& context) { return Revoke(context, *id); })
      .Word("id", *id, "ID", "As `portolan key ls` shows it");

  auto rotated = std::make_shared<RotateArguments>();
  verbs
      .AddTo(family, "rotate", "Put a new key in the place of an old one",
             "portolan key rotate 7k2m9q4x1a8b --overlap 12h",
             [rotated](Context& context) { return Rotate(context, *rotated); })
      .Word("id", rotated->id, "ID", "As `portolan key ls` shows it")
      .Option("--overlap", rotated->overlap, "DURATION",
              "How long the old one is still good; without it not at all")
      .Option("--expires", rotated->expires, "DURATION",
              "When the new one ends; without it as the old one");

  auto suspended = std::make_shared<std::string>();
  verbs
      .AddTo(family, "suspend", "Refuse a key for now", "portolan key suspend 7k2m9q4x1a8b",
             [suspended](Context& context) { return Suspend(context, *suspended, true); })
      .Word("id", *suspended, "ID", "As `portolan key ls` shows it");
  auto resumed = std::make_shared<std::string>();
  verbs
      .AddTo(family, "resume", "Take it up again", "portolan key resume 7k2m9q4x1a8b",
             [resumed](Context& context) { return Suspend(context, *resumed, false); })
      .Word("id", *resumed, "ID", "As `portolan key ls` shows it");

  auto ending = std::make_shared<RotateArguments>();
  verbs
      .AddTo(family, "expire", "Say when a key ends", "portolan key expire 7k2m9q4x1a8b 30d",
             [ending](Context& context) { return Expire(context, ending->id, ending->expires); })
      .Word("id", ending->id, "ID", "As `portolan key ls` shows it")
      .Word("when", ending->expires, "WHEN", "In 90s, 15m, 12h or 30d; `now`; `never`");
}

}  // namespace cli
