// policy: what governs the traffic, as written and as it works out for a server.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/limit_text.h"
#include "cli/upstream_text.h"
#include "cli/verbs.h"

namespace cli {
namespace {

template <class List>
std::string Join(const List& words, std::string_view between = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

std::string AttachedTo(const v1::Attachment& attach) {
  switch (attach.scope_case()) {
    case v1::Attachment::kGlobal: return "global";
    case v1::Attachment::kServer: return "server " + attach.server();
    case v1::Attachment::kProduct: return "product " + attach.product();
    case v1::Attachment::kConsumer: return "consumer " + attach.consumer();
    default: return "nothing";
  }
}

std::string Says(const v1::ToolHints& hints) {
  std::string text;
  auto add = [&](bool given, bool value, std::string_view name) {
    if (given)
      text += (text.empty() ? "" : ", ") + std::string(value ? "" : "not ") + std::string(name);
  };
  add(hints.has_read_only_hint(), hints.read_only_hint(), "readOnlyHint");
  add(hints.has_destructive_hint(), hints.destructive_hint(), "destructiveHint");
  add(hints.has_idempotent_hint(), hints.idempotent_hint(), "idempotentHint");
  add(hints.has_open_world_hint(), hints.open_world_hint(), "openWorldHint");
  return text;
}

std::string Selects(const v1::Selector& select) {
  std::string text;
  auto add = [&](std::string_view word, const auto& globs) {
    if (globs.empty()) return;
    text += (text.empty() ? "" : "; ") + std::string(word) + Join(globs);
  };
  add("", select.methods());
  add("tool ", select.tools());
  add("resource ", select.resources());
  add("prompt ", select.prompts());
  if (select.has_annotations())
    text += (text.empty() ? "" : "; ") + ("tools with " + Says(select.annotations()));
  return text.empty() ? "everything" : text;
}

std::string Says(const v1::Validate& validate) {
  std::string text = "validate";
  auto check = [&](v1::SchemaCheck::Value value, std::string_view name) {
    if (value == v1::SchemaCheck::UNSPECIFIED) return;
    text += " " + std::string(name) + "=" + v1::SchemaCheck::Value_Name(value);
  };
  auto bound = [&](std::int64_t bytes, std::string_view name) {
    if (bytes != 0) text += ", " + std::string(name) + " up to " + WithCommas(bytes) + " bytes";
  };
  check(validate.arguments(), "arguments");
  check(validate.results(), "results");
  bound(validate.max_request_bytes(), "requests");
  bound(validate.max_result_bytes(), "results");
  return text;
}

std::string Says(const v1::Cache& cache) {
  std::string text = "cache";
  if (cache.has_ttl_s())
    text += cache.ttl_s() == 0 ? " off" : " " + WithCommas(cache.ttl_s()) + " s";
  if (!cache.vary().empty()) text += ", shared by " + Join(cache.vary());
  if (cache.max_bytes() != 0) text += ", up to " + WithCommas(cache.max_bytes()) + " bytes";
  return text;
}

std::string Says(const v1::Record& record) {
  std::string text = "record";
  if (record.has_sample()) {
    char share[32];
    std::snprintf(share, sizeof share, " %.4g%%", record.sample() * 100);
    text += share;
  }
  if (record.has_payload_bytes())
    text += ", payload up to " + WithCommas(record.payload_bytes()) + " bytes";
  if (!record.redact().empty()) text += " without " + Join(record.redact());
  for (const v1::Dimension& dimension : record.dimensions())
    text += ", " + dimension.name() + " = " + dimension.value();
  return text;
}

// `inspect secrets on result: redact; hidden-unicode: block`
std::string Says(const v1::Inspect& inspect) {
  auto word = [](std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return name;
  };
  std::string text;
  for (const v1::Detector& detector : inspect.detect()) {
    text += text.empty() ? "inspect " : "; ";
    text += detector.name().empty() ? word(v1::DetectorKind::Value_Name(detector.kind()))
                                    : detector.name();
    for (int i = 0; i < detector.on_size(); ++i)
      text += (i == 0 ? " on " : ", ") + word(v1::InspectedPart::Value_Name(detector.on(i)));
    const bool flags = detector.action() == v1::DetectorAction::UNSPECIFIED;
    text += ": " + (flags ? "flag" : word(v1::DetectorAction::Value_Name(detector.action())));
  }
  return text;
}

std::string Does(const v1::Rule& rule) {
  switch (rule.policy_case()) {
    case v1::Rule::kIp: {
      std::string text = "ip";
      if (!rule.ip().allow().empty()) text += " allow " + Join(rule.ip().allow());
      if (!rule.ip().deny().empty()) text += " deny " + Join(rule.ip().deny());
      return text;
    }
    case v1::Rule::kAuthenticate: {
      std::string text;
      for (const auto& proof : rule.authenticate().any_of()) {
        if (!text.empty()) text += " or ";
        const std::string& header = proof.api_key().header();
        if (proof.has_api_key()) text += "api_key(" + (header.empty() ? "X-Api-Key" : header) + ")";
        if (proof.has_jwt()) text += "jwt(" + proof.jwt().provider() + ")";
      }
      return text;
    }
    case v1::Rule::kRateLimit: {
      const v1::RateLimit& limit = rule.rate_limit();
      std::string text = LimitText(rule);
      if (!limit.key().empty()) text += " per " + limit.key();
      if (!limit.when().empty()) text += " when " + limit.when();
      return limit.overridable() ? text + "   (overridable)" : text;
    }
    case v1::Rule::kQuota:
    case v1::Rule::kConcurrency: {
      const std::string& key = rule.has_quota() ? rule.quota().key() : rule.concurrency().key();
      return LimitText(rule) + (key.empty() ? "" : " per " + key);
    }
    case v1::Rule::kAuthorize: {
      const v1::Authorize& authorize = rule.authorize();
      std::string text;
      if (!authorize.deny_if().empty()) text = "deny if " + authorize.deny_if();
      if (!authorize.permit_if().empty())
        text += (text.empty() ? "" : "; ") + ("permit if " + authorize.permit_if());
      return authorize.overridable() ? text + "   (overridable)" : text;
    }
    case v1::Rule::kRecord: return Says(rule.record());
    case v1::Rule::kInspect: return Says(rule.inspect());
    case v1::Rule::kValidate: return Says(rule.validate());
    case v1::Rule::kMock: {
      const std::string& result = rule.mock().result_json();
      std::size_t end = 60;
      if (result.size() <= end) return "mock " + result;
      while ((result[end] & 0xC0) == 0x80) --end;  // not within a character
      return "mock " + result.substr(0, end) + "…";
    }
    case v1::Rule::kCache: return Says(rule.cache());
    case v1::Rule::kUpstream: return UpstreamText(rule.upstream());
    default: return "–";
  }
}

Exit List(Context& context) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("PolicySet");
  auto sets = context.registry().List(request);
  if (!sets) return printer.Fail(FailureFrom(sets.error(), "policy"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *sets) {
    const v1::PolicySet& set = resource.policy_set();
    Row row;
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    row.cells = {{resource.name(), Tone::kStrong},
                 {AttachedTo(set.attach())},
                 {set.mode() == v1::Mode::OBSERVE ? "observes" : "enforces"},
                 {std::to_string(set.rules_size())},
                 {std::to_string(resource.revision())}};
    rows.push_back(std::move(row));
  }
  printer.List({{"POLICY SET"}, {"ATTACHED TO"}, {"MODE"}, {"RULES", true}, {"REVISION", true}},
               rows, "no policies yet      portolan apply -f policy.yaml");
  return Exit::kOk;
}

struct ShowArguments {
  std::string server;
  std::string consumer;
  std::string product;
};

Exit Show(Context& context, const ShowArguments& arguments) {
  Printer& printer = context.printer();
  auto server = context.FindServer(arguments.server);
  if (!server) return printer.Fail(FailureFrom(server.error(), "policy"));
  v1::EffectivePolicyRequest request;
  request.set_server(server->name());
  request.set_consumer(arguments.consumer);
  request.set_product(arguments.product);
  auto policy = context.registry().EffectivePolicy(request);
  if (!policy) return printer.Fail(FailureFrom(policy.error(), "policy"));
  std::vector<Row> rows;
  for (const v1::EffectiveRule& effective : policy->rules()) {
    Row row;
    row.name = effective.scope() + "/" + effective.policy_set() + "#" + effective.rule().id();
    row.tree = base::Print(effective, base::Spelling::kSnakeCase);
    row.cells = {{effective.rule().id(), Tone::kStrong},
                 {effective.scope() + " / " + effective.policy_set()},
                 {Selects(effective.rule().select())},
                 {Does(effective.rule()) + (effective.observe() ? "   (observes only)" : "")}};
    rows.push_back(std::move(row));
  }
  printer.List({{"RULE"}, {"FROM"}, {"SELECTS"}, {"DOES"}}, rows, "nothing governs its calls");
  return Exit::kOk;
}

}  // namespace

void AddPolicy(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("policy", "What governs the traffic");
  verbs.AddTo(family, "ls", "Every policy set, and what it is attached to", "portolan policy ls",
              [](Context& context) { return List(context); });
  auto show = std::make_shared<ShowArguments>();
  verbs
      .AddTo(family, "show", "The policy in force for a server, each rule with its origin",
             "portolan policy show pay", [show](Context& context) { return Show(context, *show); })
      .Word("server", show->server, "SERVER", "`fs`, or `namespace/name`")
      .Option("--consumer", show->consumer, "NAME",
              "As it is for this consumer, by the subscription that it has")
      .Option("--product", show->product, "NAME", "As it is by this product");
}

}  // namespace cli
