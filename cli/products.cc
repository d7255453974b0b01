// product, subscribe, subscription: choices of servers, and who may use them.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/lifetime.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;
using State = v1::SubscriptionState;

struct ProductArguments {
  std::string name;
  std::vector<std::string> servers;
  std::string title;
  std::string description;
  std::string approval = "MANUAL";
  std::string owner;
  bool open = false;
  bool draft = false;
};

Exit Create(Context& context, const ProductArguments& arguments) {
  Printer& printer = context.printer();
  v1::PutRequest request;
  v1::Resource& resource = *request.mutable_resource();
  resource.set_kind("Product");
  resource.set_name(arguments.name);
  v1::Product& product = *resource.mutable_product();
  for (const std::string& server : arguments.servers) {
    auto found = context.FindServer(server);
    if (!found) return printer.Fail(FailureFrom(found.error(), "product"));
    product.add_servers(found->name());
  }
  product.set_title(arguments.title);
  product.set_description(arguments.description);
  product.set_owner(arguments.owner);
  product.set_open(arguments.open);
  product.set_state(arguments.draft ? v1::ProductState::DRAFT : v1::ProductState::PUBLISHED);
  v1::SubscriptionApproval::Value approval = v1::SubscriptionApproval::UNSPECIFIED;
  v1::SubscriptionApproval::Value_Parse(arguments.approval, &approval);
  product.set_approval(approval);
  auto put = context.registry().Put(request);
  if (!put) return printer.Fail(FailureFrom(put.error(), "product"));
  printer.One(base::Print(put->resource(), base::Spelling::kSnakeCase), arguments.name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + (arguments.draft ? " drafted " : " published ") +
                arguments.name + "   revision " + std::to_string(put->resource().revision()));
    if (!arguments.open && !arguments.draft && product.servers_size() > 0)
      printer.Say(
          "  its servers are called with a subscription from now on:  portolan key create "
          "NAME --product " +
          arguments.name);
  });
  return Exit::kOk;
}

Exit ListProducts(Context& context) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("Product");
  auto products = context.RegistryAsCaller()->List(request);
  if (!products) return printer.Fail(FailureFrom(products.error(), "product"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *products) {
    const v1::Product& product = resource.product();
    const bool published = product.state() == v1::ProductState::PUBLISHED;
    const bool automatic = product.approval() == v1::SubscriptionApproval::AUTOMATIC;
    std::string servers;
    for (const std::string& server : product.servers())
      servers += (servers.empty() ? "" : ", ") + server;
    Row& row = rows.emplace_back();
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.cells = {{resource.name(), Tone::kStrong},
                 {published ? "published" : "draft", published ? Tone::kGood : Tone::kFaint},
                 {product.open() ? "open"
                  : automatic    ? "subscribe"
                                 : "subscribe, decided"},
                 {servers.empty() ? "–" : servers},
                 {FirstLine(product.title())}};
  }
  printer.List({{"PRODUCT"}, {"STATE"}, {"ACCESS"}, {"SERVERS"}, {"TITLE"}}, rows,
               "no products yet      portolan product create NAME --server SERVER");
  return Exit::kOk;
}

Exit Publish(Context& context, const std::string& name, v1::ProductState::Value state) {
  Printer& printer = context.printer();
  v1::GetRequest get;
  get.set_kind("Product");
  get.set_name(name);
  auto known = context.registry().Get(get);
  if (!known) return printer.Fail(FailureFrom(known.error(), "product"));
  v1::PutRequest put;
  *put.mutable_resource() = std::move(*known->mutable_resource());
  put.mutable_resource()->mutable_product()->set_state(state);
  auto written = context.registry().Put(put);
  if (!written) return printer.Fail(FailureFrom(written.error(), "product"));
  const bool published = state == v1::ProductState::PUBLISHED;
  printer.One(base::Print(written->resource(), base::Spelling::kSnakeCase), name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + (published ? " published " : " withdrew ") +
                name);
  });
  return Exit::kOk;
}

struct SubscribeArguments {
  std::string product;
  std::string consumer;
  std::string principal;
  std::string reason;
};

Exit Subscribe(Context& context, const SubscribeArguments& arguments) {
  Printer& printer = context.printer();
  v1::SubscribeRequest request;
  request.set_product(arguments.product);
  request.set_consumer(arguments.consumer);
  request.set_principal(arguments.principal);
  request.set_reason(arguments.reason);
  auto made = context.RegistryAsCaller()->Subscribe(request);
  if (!made) return printer.Fail(FailureFrom(made.error(), "subscribe"));
  const bool active = made->state() == State::ACTIVE;
  printer.One({{"subscription", made->subscription()},
               {"product", arguments.product},
               {"state", State::Value_Name(made->state())}},
              made->subscription(), [&] {
                printer.Did(printer.Paint(Tone::kGood, "✓") + " subscribed to " +
                            arguments.product + "   subscription " + made->subscription());
                printer.Say(active ? "  in force"
                                   : "  waits for an operator:  portolan subscription approve " +
                                         made->subscription());
              });
  return Exit::kOk;
}

Cell StateOf(const v1::Subscription& subscription) {
  switch (subscription.state()) {
    case State::ACTIVE: return {"active", Tone::kGood};
    case State::SUSPENDED: return {"suspended", Tone::kWarning};
    case State::REJECTED: return {"rejected", Tone::kFaint};
    case State::CANCELLED: return {"cancelled", Tone::kFaint};
    default: return {"▲ waits", Tone::kWarning};
  }
}

Exit ListSubscriptions(Context& context, const std::string& product) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("Subscription");
  auto subscriptions = context.RegistryAsCaller()->List(request);
  if (!subscriptions) return printer.Fail(FailureFrom(subscriptions.error(), "subscription"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *subscriptions) {
    const v1::Subscription& one = resource.subscription();
    if (!product.empty() && one.product() != product) continue;
    const bool waits = one.state() == State::SUBMITTED;
    Row& row = rows.emplace_back();
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.cells = {{resource.name(), Tone::kStrong},
                 StateOf(one),
                 {one.product()},
                 {one.consumer().empty() ? one.principal() : "consumer/" + one.consumer()},
                 {one.started_at_ms() ? TimeOfDay(one.started_at_ms()) : "–"},
                 {one.expires_at_ms() ? TimeOfDay(one.expires_at_ms()) : "never"},
                 {FirstLine(waits ? one.reason() : one.decision_reason())}};
    if (waits) row.next = "portolan subscription approve " + resource.name();
  }
  printer.List({{"SUBSCRIPTION"}, {"STATE"}, {"PRODUCT"}, {"WHO"}, {"SINCE"}, {"ENDS"}, {"REASON"}},
               rows, "no subscriptions yet      portolan subscribe PRODUCT");
  return Exit::kOk;
}

struct ChangeArguments {
  std::string subscription;
  std::string when;
  std::string reason;
};

Exit Did(Context& context, const std::string& name, std::string_view what,
         const base::Result<std::int64_t>& revision) {
  Printer& printer = context.printer();
  if (!revision) {
    Failure failure = FailureFrom(revision.error(), "subscription");
    if (revision.error().code == base::Code::kNotFound) failure.next = "portolan subscription ls";
    return printer.Fail(failure);
  }
  const ordered_json tree = {{"kind", "Subscription"}, {"name", name}, {"revision", *revision}};
  printer.One(tree, name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + std::string(what) + " " + name);
  });
  return Exit::kOk;
}

Exit Decide(Context& context, const ChangeArguments& arguments, State::Value state) {
  v1::DecideSubscriptionRequest request;
  request.set_subscription(arguments.subscription);
  request.set_state(state);
  request.set_reason(arguments.reason);
  const auto decided = context.registry().DecideSubscription(request);
  const auto revision = decided ? base::Result<std::int64_t>(decided->revision())
                                : base::Result<std::int64_t>(decided.error());
  return Did(context, arguments.subscription, state == State::ACTIVE ? "approved" : "rejected",
             revision);
}

Exit Change(Context& context, const ChangeArguments& arguments, State::Value state,
            std::string_view what) {
  v1::ChangeSubscriptionRequest request;
  request.set_subscription(arguments.subscription);
  request.set_state(state);
  request.set_reason(arguments.reason);
  if (!arguments.when.empty()) {
    const auto end = ParseEnd(arguments.when);
    if (!end) return context.printer().Fail(NoEnd(arguments.when));
    request.set_expires_at_ms(*end);
  }
  const auto changed = context.RegistryAsCaller()->ChangeSubscription(request);
  const auto revision = changed ? base::Result<std::int64_t>(changed->revision())
                                : base::Result<std::int64_t>(changed.error());
  return Did(context, arguments.subscription, what, revision);
}

void AddProductVerbs(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("product", "Choices of servers that callers subscribe to");
  auto created = std::make_shared<ProductArguments>();
  verbs
      .AddTo(family, "create", "Make a product; its servers then need a subscription",
             "portolan product create gold --server pay --server fs --approval automatic",
             [created](Context& context) { return Create(context, *created); })
      .Word("name", created->name, "NAME", "Lower case letters, digits and '-'")
      .Options("--server", created->servers, "SERVER", "`fs`, or `namespace/name`; again for more")
      .Option("--title", created->title, "TEXT", "As people read it")
      .Option("--description", created->description, "TEXT", "What it is for")
      .Option("--owner", created->owner, "NAME", "Who answers for it")
      .Choice("--approval", created->approval, {"MANUAL", "AUTOMATIC"},
              "Whether an operator decides about each subscription")
      .Flag("--open", created->open, "No subscription is needed; its rules hold all the same")
      .Flag("--draft", created->draft, "Without effect until `product publish`");

  verbs.AddTo(family, "ls", "Every product that you see", "portolan product ls",
              [](Context& context) { return ListProducts(context); });

  auto published = std::make_shared<std::string>();
  verbs
      .AddTo(family, "publish", "Put a draft into effect", "portolan product publish gold",
             [published](Context& context) {
               return Publish(context, *published, v1::ProductState::PUBLISHED);
             })
      .Word("name", *published, "PRODUCT", "As `product ls` names it");
  auto withdrawn = std::make_shared<std::string>();
  verbs
      .AddTo(family, "withdraw", "Make it a draft again: its servers need no subscription",
             "portolan product withdraw gold",
             [withdrawn](Context& context) {
               return Publish(context, *withdrawn, v1::ProductState::DRAFT);
             })
      .Word("name", *withdrawn, "PRODUCT", "As `product ls` names it");
}

void AddChange(Verbs& verbs, CLI::App* family, const std::string& name, const std::string& what,
               const std::string& example, Exit (*run)(Context&, const ChangeArguments&)) {
  auto arguments = std::make_shared<ChangeArguments>();
  verbs
      .AddTo(family, name, what, example,
             [arguments, run](Context& context) { return run(context, *arguments); })
      .Word("subscription", arguments->subscription, "ID", "As `subscription ls` names it")
      .Option("--reason", arguments->reason, "TEXT", "Why; the subscriber reads it");
}

}  // namespace

void AddProducts(Verbs& verbs) {
  AddProductVerbs(verbs);

  auto asked = std::make_shared<SubscribeArguments>();
  verbs
      .Add("subscribe", "Ask for a product, as --key or --token, or for somebody else",
           "portolan subscribe gold --consumer alice --reason \"refunds\"",
           [asked](Context& context) { return Subscribe(context, *asked); })
      .Word("product", asked->product, "PRODUCT", "As `product ls` names it")
      .Option("--consumer", asked->consumer, "NAME", "For that consumer; needs role operator")
      .Option("--principal", asked->principal, "ID",
              "For who signs in as that: entra/0a1b…; needs role operator")
      .Option("--reason", asked->reason, "TEXT", "What for; the operator reads it");

  CLI::App* family = verbs.AddFamily("subscription", "Who uses which product");
  auto of = std::make_shared<std::string>();
  verbs
      .AddTo(family, "ls", "Your subscriptions; an operator's are all", "portolan subscription ls",
             [of](Context& context) { return ListSubscriptions(context, *of); })
      .Option("--product", *of, "NAME", "Only to this one");
  AddChange(verbs, family, "approve", "Let somebody use the product",
            "portolan subscription approve 3f9c2a7b1d5e8a60",
            [](Context& context, const ChangeArguments& arguments) {
              return Decide(context, arguments, State::ACTIVE);
            });
  AddChange(verbs, family, "reject", "Do not",
            "portolan subscription reject 3f9c2a7b1d5e8a60 --reason \"ask team payments\"",
            [](Context& context, const ChangeArguments& arguments) {
              return Decide(context, arguments, State::REJECTED);
            });
  AddChange(verbs, family, "suspend", "Refuse its calls for now; in force within a second",
            "portolan subscription suspend 3f9c2a7b1d5e8a60",
            [](Context& context, const ChangeArguments& arguments) {
              return Change(context, arguments, State::SUSPENDED, "suspended");
            });
  AddChange(verbs, family, "resume", "Take it up again",
            "portolan subscription resume 3f9c2a7b1d5e8a60",
            [](Context& context, const ChangeArguments& arguments) {
              return Change(context, arguments, State::ACTIVE, "resumed");
            });
  AddChange(verbs, family, "cancel", "End it for good; also one's own",
            "portolan subscription cancel 3f9c2a7b1d5e8a60",
            [](Context& context, const ChangeArguments& arguments) {
              return Change(context, arguments, State::CANCELLED, "cancelled");
            });
  auto ending = std::make_shared<ChangeArguments>();
  verbs
      .AddTo(family, "expire", "Say when it ends",
             "portolan subscription expire 3f9c2a7b1d5e8a60 30d",
             [ending](Context& context) {
               return Change(context, *ending, State::UNSPECIFIED, "changed the end of");
             })
      .Word("subscription", ending->subscription, "ID", "As `subscription ls` names it")
      .Word("when", ending->when, "WHEN", "In 90s, 15m, 12h or 30d; `now`; `never`");
}

}  // namespace cli
