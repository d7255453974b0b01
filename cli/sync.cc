// sync: other registries whose servers this one lists as well.
#include <unistd.h>

#include <iostream>
#include <memory>

#include "base/clock.h"
#include "base/manifest.h"
#include "cli/context.h"
#include "cli/lifetime.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct AddArguments {
  std::string name;
  std::string url;
  std::string interval;
  std::vector<std::string> namespaces;
  bool drafts = false;
  bool paused = false;
  bool no_run = false;
};

struct RunArguments {
  std::string name;
  bool full = false;
};

std::string StateOf(const v1::SyncStatus& status) {
  switch (status.state()) {
    case v1::SyncState::RUNNING: return "running";
    case v1::SyncState::DONE: return "done";
    case v1::SyncState::FAILED: return "failed";
    default: return "new";
  }
}

std::string Counts(const v1::SyncStatus& status) {
  std::string text = WithCommas(status.read()) + " read: " + WithCommas(status.created()) +
                     " created, " + WithCommas(status.changed()) + " changed";
  if (status.deleted() > 0) text += " (" + WithCommas(status.deleted()) + " deleted)";
  text += ", " + WithCommas(status.unchanged()) + " unchanged";
  if (status.left_out() > 0) text += ", " + WithCommas(status.left_out()) + " left out";
  if (status.refused() > 0) text += ", " + WithCommas(status.refused()) + " refused";
  if (status.conflicts() > 0) text += ", " + WithCommas(status.conflicts()) + " in conflict";
  return text;
}

// What was refused, and whom somebody here has already: by name, on stderr.
void TellProblems(Printer& printer, const v1::SyncStatus& status) {
  for (const v1::SyncProblem& problem : status.problems()) {
    const std::string name =
        problem.version().empty() ? problem.server() : problem.server() + "@" + problem.version();
    printer.Say(std::string(problem.conflict() ? "conflict" : "refused ") + "  " + name + "   " +
                problem.reason());
  }
  const std::int64_t told = status.problems_size();
  if (const std::int64_t all = status.refused() + status.conflicts(); all > told)
    printer.Say("and " + WithCommas(all - told) + " more");
}

// A line with each page on a terminal, every ten seconds elsewhere.
class Lines {
 public:
  explicit Lines(bool quiet)
      : terminal_(isatty(STDERR_FILENO) == 1), quiet_(quiet), last_(clock_.Now()) {}
  ~Lines() {
    if (drawn_) std::cerr << "\r\033[K" << std::flush;
  }
  void Show(const v1::SyncStatus& status) {
    if (quiet_ || status.state() != v1::SyncState::RUNNING || status.pages() == 0) return;
    if (terminal_) {
      std::cerr << "\r\033[K" << Counts(status) << std::flush;
      drawn_ = true;
    } else if (clock_.Now() - last_ > std::chrono::seconds(10)) {
      last_ = clock_.Now();
      std::cerr << Counts(status) << '\n';
    }
  }

 private:
  const base::SystemClock clock_;
  const bool terminal_;
  const bool quiet_;
  base::TimePoint last_;
  bool drawn_ = false;
};

Exit RunOne(Context& context, const std::string& name, bool full) {
  Printer& printer = context.printer();
  v1::RunSyncRequest request;
  request.set_source(name);
  request.set_full(full);
  v1::SyncStatus status;
  base::Result<void> ran;
  {
    Lines lines(context.options().quiet);
    ran = context.registry().RunSync(request, [&](const v1::SyncStatus& now) {
      status = now;
      lines.Show(now);
    });
  }
  if (!ran) return printer.Fail(FailureFrom(ran.error(), "sync"));
  TellProblems(printer, status);
  if (status.state() == v1::SyncState::FAILED) {
    return printer.Fail({Exit::kUnreachable, "sync", name + ": " + status.error(),
                         WithCommas(status.read()) + " were read; the next run goes on there"});
  }
  const ordered_json tree = base::Print(status, base::Spelling::kSnakeCase);
  printer.One(tree, name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + name + "   " + Counts(status));
  });
  return Exit::kOk;
}

Exit Add(Context& context, const AddArguments& arguments) {
  Printer& printer = context.printer();
  const auto interval = ParseLifetime(arguments.interval);
  if (!interval) return printer.Fail(NoLifetime(arguments.interval));
  v1::ApplyRequest request;
  v1::Resource& resource = *request.add_resources();
  resource.set_name(arguments.name);
  v1::SyncSource& source = *resource.mutable_sync_source();
  source.set_url(arguments.url);
  source.set_interval_s(*interval);
  source.set_drafts(arguments.drafts);
  source.set_paused(arguments.paused);
  for (const std::string& name_space : arguments.namespaces) source.add_namespaces(name_space);
  auto applied = context.registry().Apply(request);
  if (!applied) return printer.Fail(FailureFrom(applied.error(), "sync"));
  printer.Say("✓ stored " + arguments.name + " at revision " +
              std::to_string(applied->results(0).revision()));
  if (arguments.paused || arguments.no_run) return Exit::kOk;
  return RunOne(context, arguments.name, false);
}

Exit List(Context& context) {
  Printer& printer = context.printer();
  auto listed = context.registry().ListSync({});
  if (!listed) return printer.Fail(FailureFrom(listed.error(), "sync"));
  std::vector<Row> rows;
  for (const v1::SyncStatus& status : listed->statuses()) {
    Row row;
    row.name = status.source();
    row.tree = base::Print(status, base::Spelling::kSnakeCase);
    const bool failed = status.state() == v1::SyncState::FAILED;
    row.cells = {{status.source(), Tone::kStrong},
                 {StateOf(status), failed ? Tone::kBad : Tone::kGood},
                 {TimeOfDay(status.ended_at_ms())},
                 {status.next_at_ms() ? TimeOfDay(status.next_at_ms()) : "–"},
                 {failed ? status.error() : Counts(status)}};
    if (status.refused() + status.conflicts() > 0)
      row.next = "portolan sync show " + status.source();
    rows.push_back(std::move(row));
  }
  printer.List({{"SOURCE"}, {"STATE"}, {"LAST"}, {"NEXT"}, {"RESULT"}}, rows,
               "no sources yet      portolan sync add official https://registry.example");
  return Exit::kOk;
}

Exit ShowOne(Context& context, const std::string& name) {
  Printer& printer = context.printer();
  v1::ListSyncRequest request;
  request.set_source(name);
  auto listed = context.registry().ListSync(request);
  if (!listed) return printer.Fail(FailureFrom(listed.error(), "sync"));
  const v1::SyncStatus& status = listed->statuses(0);
  printer.One(base::Print(status, base::Spelling::kSnakeCase), name, [&] {
    printer.Did(name + "   " + StateOf(status) + "   " + Counts(status));
    if (!status.error().empty()) printer.Did("error     " + status.error());
    for (const v1::SyncProblem& problem : status.problems()) {
      printer.Did(std::string(problem.conflict() ? "conflict  " : "refused   ") + problem.server() +
                  (problem.version().empty() ? "" : "@") + problem.version() + "   " +
                  problem.reason());
    }
  });
  return Exit::kOk;
}

Exit Run(Context& context, const RunArguments& arguments) {
  if (!arguments.name.empty()) return RunOne(context, arguments.name, arguments.full);
  auto listed = context.registry().ListSync({});
  if (!listed) return context.printer().Fail(FailureFrom(listed.error(), "sync"));
  Exit worst = Exit::kOk;
  for (const v1::SyncStatus& status : listed->statuses()) {
    const Exit exit = RunOne(context, status.source(), arguments.full);
    if (exit != Exit::kOk) worst = exit;
  }
  if (listed->statuses().empty()) context.printer().Say("no sources yet");
  return worst;
}

Exit Remove(Context& context, const std::string& name) {
  Printer& printer = context.printer();
  v1::DeleteRequest request;
  request.set_kind("SyncSource");
  request.set_name(name);
  auto deleted = context.registry().Delete(request);
  if (!deleted) return printer.Fail(FailureFrom(deleted.error(), "sync"));
  const ordered_json tree = {
      {"kind", "SyncSource"}, {"name", name}, {"revision", deleted->revision()}};
  printer.One(tree, name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " removed " + name +
                "; the servers that it brought stay");
  });
  return Exit::kOk;
}

}  // namespace

void AddSync(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("sync", "Other registries whose servers are listed here too");

  auto add = std::make_shared<AddArguments>();
  verbs
      .AddTo(family, "add", "Follow another registry, beginning now",
             "portolan sync add official https://registry.modelcontextprotocol.io "
             "--namespace io.github.acme",
             [add](Context& context) { return Add(context, *add); })
      .Word("name", add->name, "NAME", "Of the source")
      .Word("url", add->url, "URL", "Of the registry, without /v0.1")
      .Option("--interval", add->interval, "DURATION", "How often: 10m, 6h; without it hourly")
      .Options("--namespace", add->namespaces, "NAMESPACE",
               "Take only these; io.github.* covers those below; may be given again")
      .Flag("--drafts", add->drafts, "What arrives waits for an approver")
      .Flag("--paused", add->paused, "Runs only when asked")
      .Flag("--no-wait", add->no_run, "Do not wait for the first run");

  verbs.AddTo(family, "ls", "Every source, and how its last run went", "portolan sync ls",
              [](Context& context) { return List(context); });

  auto shown = std::make_shared<std::string>();
  verbs
      .AddTo(family, "show",
             "The last run of a source, with what was refused and who is in the way",
             "portolan sync show official",
             [shown](Context& context) { return ShowOne(context, *shown); })
      .Word("name", *shown, "NAME", "Of the source");

  auto run = std::make_shared<RunArguments>();
  verbs
      .AddTo(family, "run", "Run now, and say what came of it", "portolan sync run official",
             [run](Context& context) { return Run(context, *run); })
      .Word("name", run->name, "NAME", "Of the source; without it each", Verb::Need::kOptional)
      .Flag("--full", run->full, "Read everything again, not only what has changed");

  auto removed = std::make_shared<std::string>();
  verbs
      .AddTo(family, "rm", "Follow it no more; the servers that it brought stay",
             "portolan sync rm official",
             [removed](Context& context) { return Remove(context, *removed); })
      .Word("name", *removed, "NAME", "Of the source");
}

}  // namespace cli
