// diff, pin: how what a server offers differs from what was accepted, and what to do about it.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/json.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/definition_diff.h"
#include "cli/findings.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

std::string Lower(std::string word) {
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

std::string Ago(std::int64_t unix_ms) {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const std::int64_t seconds_ago = std::max<std::int64_t>(0, (now - unix_ms) / 1000);
  if (seconds_ago < 60) return std::to_string(seconds_ago) + " s ago";
  if (seconds_ago < 3600) return std::to_string(seconds_ago / 60) + " min ago";
  if (seconds_ago < 48 * 3600) return std::to_string(seconds_ago / 3600) + " h ago";
  return std::to_string(seconds_ago / 86400) + " days ago";
}

// Nothing of a definition reaches the terminal as it is.
std::string Plain(const std::string& text) {
  const std::string visible = Visible(text);
  return visible.substr(1, visible.size() - 2);
}

bool IsOpen(const v1::DriftItem& item) { return item.state() != v1::Drift::NOTED; }

// What happened, and what callers see of it.
std::string Story(const v1::DriftItem& item) {
  std::string story = Lower(v1::Drift::Change_Name(item.change())) + " " + Ago(item.since_ms());
  if (!item.renamed_from().empty())
    story += ", renamed from " + Plain(item.renamed_from()) + " with the same schema";
  const bool added = item.change() == v1::Drift::ADDED;
  const std::string kept = added ? "it is not shown" : "the old definition is still served";
  switch (item.state()) {
    case v1::Drift::HELD: return story + ", held: " + kept + ", calls are refused";
    case v1::Drift::REJECTED: return story + ", rejected: " + kept + ", calls are refused";
    case v1::Drift::NOTED: return story + ", accepted by the server's setting";
    default: break;
  }
  return story + (item.change() == v1::Drift::REMOVED ? ": it is gone" : ", served as it is now");
}

std::string Id(const std::string& server, const v1::DriftItem& item) {
  return item.kind() == v1::DefinitionKind::INSTRUCTIONS ? server + ".instructions"
                                                         : server + "." + item.name();
}

nlohmann::json JsonOf(const v1::Definition& definition) {
  auto tree = base::ParseJson(definition.json());
  return tree ? *tree : nlohmann::json();
}

ordered_json TreeOf(const std::string& server, const v1::DriftItem& item) {
  ordered_json tree = {{"id", Id(server, item)},
                       {"kind", Lower(v1::DefinitionKind::Value_Name(item.kind()))},
                       {"name", item.name()},
                       {"change", Lower(v1::Drift::Change_Name(item.change()))},
                       {"state", Lower(v1::Drift::State_Name(item.state()))},
                       {"since_ms", item.since_ms()}};
  if (!item.renamed_from().empty()) tree["renamed_from"] = item.renamed_from();
  if (item.has_accepted()) {
    tree["old_hash"] = item.accepted().hash();
    tree["old"] = JsonOf(item.accepted());
  }
  if (item.has_offered()) {
    tree["hash"] = item.offered().hash();
    tree["new"] = JsonOf(item.offered());
    tree["score"] = item.offered().score();
    tree["findings"] = ordered_json::array();
    for (const v1::LintFinding& finding : item.offered().findings())
      tree["findings"].push_back(cli::TreeOf(finding));
  }
  return tree;
}

// Enough of a hash to mean this definition and no other.
std::string ShortHash(const v1::DriftItem& item) { return item.offered().hash().substr(0, 12); }

void PrintItem(Printer& printer, const std::string& server, const v1::DriftItem& item) {
  std::string noun;
  if (item.kind() == v1::DefinitionKind::PROMPT) noun = "prompt ";
  if (item.kind() == v1::DefinitionKind::RESOURCE_TEMPLATE) noun = "template ";
  printer.Did(noun + printer.Paint(Tone::kStrong, Plain(item.name())) + "   " + Story(item));
  const nlohmann::json before = item.has_accepted() ? JsonOf(item.accepted()) : nlohmann::json();
  const nlohmann::json after = item.has_offered() ? JsonOf(item.offered()) : nlohmann::json();
  for (const DiffLine& line : DiffDefinitions(before, after)) {
    const bool is_new = line.side == DiffLine::Side::kNew;
    printer.Did(
        printer.Paint(is_new ? Tone::kGood : Tone::kBad, (is_new ? "+ " : "- ") + line.text));
  }
  for (const v1::LintFinding& finding : item.offered().findings()) {
    if (finding.severity() >= v1::LintSeverity::WARNING) PrintFinding(printer, finding);
  }
  if (!IsOpen(item)) return;
  const std::string id = Id(server, item);
  const std::string hash = item.has_offered() ? " --hash " + ShortHash(item) : "";
  std::string next = "  accept: portolan pin accept " + id + hash;
  if (item.has_offered() && item.state() != v1::Drift::REJECTED)
    next += "      keep blocked: portolan pin reject " + id + hash;
  printer.Did(next);
}

// What a word on the command line means: a server, or one of its definitions.
struct Target {
  v1::Resource server;
  std::string item;  // empty: all

  std::string short_name() const {
    return server.server().base_path().empty() ? server.name() : server.server().base_path();
  }
};

base::Result<Target> FindTarget(Context& context, const std::string& word) {
  auto server = context.FindServer(word);
  if (server) return Target{*server, ""};
  if (server.error().code != base::Code::kNotFound) return server.error();
  for (const ToolTarget& candidate : SplitToolId(word)) {
    auto found = context.FindServer(candidate.server);
    if (found) return Target{*found, candidate.tool};
    if (found.error().code != base::Code::kNotFound) return found.error();
  }
  return server.error();
}

base::Result<v1::GetDriftResponse> ReadDrift(Context& context, const Target& target) {
  v1::GetDriftRequest request;
  request.set_server(target.server.name());
  auto drift = context.registry().GetDrift(request);
  if (!drift || target.item.empty()) return drift;
  auto& items = *drift->mutable_items();
  items.erase(std::remove_if(items.begin(), items.end(),
                             [&](const v1::DriftItem& item) { return item.name() != target.item; }),
              items.end());
  return drift;
}

Exit Diff(Context& context, const std::string& word) {
  Printer& printer = context.printer();
  auto target = FindTarget(context, word);
  if (!target) return printer.Fail(FailureFrom(target.error(), "diff"));
  auto drift = ReadDrift(context, *target);
  if (!drift) return printer.Fail(FailureFrom(drift.error(), "diff"));
  if (!printer.for_people()) {
    std::vector<Row> rows;
    for (const v1::DriftItem& item : drift->items()) {
      Row row;
      row.name = Id(target->short_name(), item);
      row.tree = TreeOf(target->short_name(), item);
      rows.push_back(std::move(row));
    }
    printer.List({}, rows, "");
    return Exit::kOk;
  }
  if (drift->items().empty()) {
    printer.Did("no changes: " + target->server.name() + " offers what was accepted");
    return Exit::kOk;
  }
  bool first = true;
  for (const v1::DriftItem& item : drift->items()) {
    if (!std::exchange(first, false)) printer.Did("");
    PrintItem(printer, target->short_name(), item);
  }
  return Exit::kOk;
}

struct PinArguments {
  std::string target;
  std::string hash;
};

bool IsOffered(const v1::DriftItem& item, const std::string& hash) {
  return item.has_offered() && item.offered().hash().starts_with(hash);
}

Exit Pin(Context& context, const PinArguments& arguments, v1::Decision::Value decision) {
  Printer& printer = context.printer();
  const std::string verb = decision == v1::Decision::ACCEPT ? "accept" : "reject";
  auto target = FindTarget(context, arguments.target);
  if (!target) return printer.Fail(FailureFrom(target.error(), verb));
  if (!arguments.hash.empty() && target->item.empty()) {
    return printer.Fail({Exit::kUsage, "usage",
                         "--hash is of one definition: name it as SERVER.TOOL",
                         "portolan diff " + target->short_name()});
  }
  auto drift = ReadDrift(context, *target);
  if (!drift) return printer.Fail(FailureFrom(drift.error(), verb));
  v1::DecideDriftRequest request;
  request.set_server(target->server.name());
  request.set_decision(decision);
  for (const v1::DriftItem& item : drift->items()) {
    if (!IsOpen(item)) continue;
    // What is gone cannot be rejected, and what is rejected need not be.
    if (decision == v1::Decision::REJECT &&
        (item.change() == v1::Drift::REMOVED || item.state() == v1::Drift::REJECTED)) {
      continue;
    }
    // All at once means all that waits; a rejection is taken back by name.
    if (target->item.empty() && item.state() == v1::Drift::REJECTED) continue;
    if (!arguments.hash.empty() && !IsOffered(item, arguments.hash)) {
      return printer.Fail({Exit::kHeld, verb,
                           Plain(item.name()) + " is not " + arguments.hash +
                               ": it has changed again since it was looked at",
                           "portolan diff " + target->short_name()});
    }
    v1::DecideDriftRequest::Choice& choice = *request.add_choices();
    choice.set_kind(item.kind());
    choice.set_name(item.name());
    choice.set_hash(item.offered().hash());
  }
  if (request.choices().empty()) {
    if (!target->item.empty()) {
      return printer.Fail({Exit::kNotFound, verb,
                           "no change of '" + Plain(target->item) + "' waits for that",
                           "portolan diff " + target->short_name()});
    }
    printer.Did("nothing to " + verb + ": no change of " + target->server.name() + " waits");
    return Exit::kOk;
  }
  auto decided = context.registry().DecideDrift(request);
  if (!decided) {
    Failure failure = FailureFrom(decided.error(), verb);
    if (decided.error().code == base::Code::kAborted) {
      failure.exit = Exit::kHeld;
      failure.next = "portolan diff " + target->short_name();
    }
    return printer.Fail(failure);
  }
  for (const v1::DriftItem& item : decided->items()) {
    const std::string id = Id(target->short_name(), item);
    printer.One(TreeOf(target->short_name(), item), id, [&] {
      printer.Did(printer.Paint(Tone::kGood, "✓") + " " + verb + "ed " + Plain(id) + "   " +
                  (decision == v1::Decision::ACCEPT
                       ? "served as it is now"
                       : "the old definition stays, calls are refused"));
    });
  }
  return Exit::kOk;
}

}  // namespace

void AddPins(Verbs& verbs) {
  auto diffed = std::make_shared<std::string>();
  verbs
      .Add("diff", "How what a server offers differs from what was accepted", "portolan diff ctx",
           [diffed](Context& context) { return Diff(context, *diffed); })
      .Word("server", *diffed, "SERVER",
            "`ctx`, `namespace/name`, or one tool: `ctx.create_issue`");

  CLI::App* family = verbs.AddFamily("pin", "Accept or reject what has changed at a server");
  auto accepted = std::make_shared<PinArguments>();
  verbs
      .AddTo(family, "accept", "Serve the changed definitions from now on",
             "portolan pin accept ctx.create_issue --hash 5f1c3a9b20de",
             [accepted](Context& context) { return Pin(context, *accepted, v1::Decision::ACCEPT); })
      .Word("target", accepted->target, "SERVER[.TOOL]", "All that waits, or one tool or prompt")
      .Option("--hash", accepted->hash, "HASH",
              "Only if it still is what `portolan diff` showed; at least 8 digits");
  auto rejected = std::make_shared<PinArguments>();
  verbs
      .AddTo(family, "reject", "Keep the accepted definitions, and ask no more about these changes",
             "portolan pin reject ctx.create_issue",
             [rejected](Context& context) { return Pin(context, *rejected, v1::Decision::REJECT); })
      .Word("target", rejected->target, "SERVER[.TOOL]", "All that waits, or one tool or prompt")
      .Option("--hash", rejected->hash, "HASH",
              "Only if it still is what `portolan diff` showed; at least 8 digits");
}

}  // namespace cli
