#include "cli/stages.h"

#include <algorithm>
#include <utility>

namespace cli {
namespace {

class StagePrinter {
 public:
  StagePrinter(Printer& printer, StageLayout layout) : printer_(printer), layout_(layout) {}

  void Print(const v1::Stage& stage) {
    if (stage.outcome() == v1::StageOutcome::SKIPPED) return;
    if (stage.outcome() == v1::StageOutcome::FAILED) {
      EndLine();
      printer_.Fail({Exit::kUnreachable, stage.name(), stage.message(), stage.fix()});
      return;
    }
    std::string words = stage.name();
    if (layout_ == StageLayout::kOnePerLine)
      words.resize(std::max<std::size_t>(words.size(), 10), ' ');
    // What a list found says more than how long it took.
    const bool timed = stage.milliseconds() >= 0.05 && stage.name() != "list";
    if (timed) words += " " + Duration(stage.milliseconds());
    if (!stage.message().empty()) words += (timed ? ", " : " ") + FirstLine(stage.message());
    std::string part = printer_.Paint(Tone::kGood, "✓") + " " + words;
    if (layout_ == StageLayout::kOnePerLine) {
      printer_.Did(part);
    } else {
      printer_.DidPart((line_open_ ? "   " : "") + part);
      line_open_ = true;
    }
  }
  void EndLine() {
    if (std::exchange(line_open_, false)) printer_.Did("");
  }

 private:
  Printer& printer_;
  const StageLayout layout_;
  bool line_open_ = false;
};

}  // namespace

base::Result<v1::ServerStatus> ProbeAndPrint(Context& context, const std::string& server,
                                             StageLayout layout) {
  v1::ProbeRequest request;
  request.set_server(server);
  StagePrinter stages(context.printer(), layout);
  v1::ServerStatus status;
  auto probed = context.registry().Probe(request, [&](const v1::ProbeResponse& event) {
    if (event.has_stage()) stages.Print(event.stage());
    if (event.has_status()) status = event.status();
  });
  stages.EndLine();
  if (!probed) return probed.error();
  return status;
}

Exit ExitFor(const v1::ServerStatus& status) {
  bool failed = std::any_of(
      status.stages().begin(), status.stages().end(),
      [](const v1::Stage& stage) { return stage.outcome() == v1::StageOutcome::FAILED; });
  return failed || status.health() == v1::Health::UNREACHABLE ? Exit::kUnreachable : Exit::kOk;
}

}  // namespace cli
