// doctor: tries everything from here to a server's list of tools, stage by stage, and says what to
// do.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/stages.h"
#include "cli/verbs.h"

namespace cli {
namespace {

Exit CheckServer(Context& context, const std::string& name, StageLayout layout) {
  Printer& printer = context.printer();
  auto status = ProbeAndPrint(context, name, layout);
  if (!status) {
    Failure failure = FailureFrom(status.error(), "gateway");
    if (status.error().code == base::Code::kUnavailable)
      failure.next = "see who is there:  portolan gateway ls";
    return printer.Fail(failure);
  }
  if (!printer.for_people()) {
    printer.One(base::Print(*status, base::Spelling::kSnakeCase), name, [] {});
  }
  return ExitFor(*status);
}

Exit CheckAll(Context& context) {
  Printer& printer = context.printer();
  std::string good = printer.Paint(Tone::kGood, "✓");
  auto where = context.registry().Describe();
  if (!where) return printer.Fail(FailureFrom(where.error(), "registry"));
  printer.Did(good + " registry   " + context.registry().address() + ", revision " +
              std::to_string(where->revision()));
  auto gateways = context.registry().ListGateways();
  if (!gateways) return printer.Fail(FailureFrom(gateways.error(), "gateway"));
  bool connected = false;
  for (const v1::GatewayStatus& gateway : gateways->gateways()) {
    connected = connected || gateway.connected();
    std::string words = gateway.name() + ", revision " + std::to_string(gateway.revision());
    if (gateway.connected()) {
      printer.Did(good + " gateway    " + words);
    } else {
      printer.Did(printer.Paint(Tone::kWarning, "▲") + " gateway    " + words +
                  ", not connected since " + TimeOfDay(gateway.last_seen_ms()));
    }
    for (const v1::Rejection& rejection : gateway.rejections()) {
      printer.Did(printer.Paint(Tone::kWarning, "▲") + "            does not take " +
                  rejection.kind() + " " + rejection.name() + ": " + rejection.message());
    }
  }
  if (!connected) {
    return printer.Fail({Exit::kUnreachable, "gateway", "no gateway is connected",
                         "start one:  portolan up   or   portolan-gateway --registry " +
                             context.registry().address()});
  }
  v1::ListRequest request;
  request.set_kind("Server");
  auto servers = context.registry().List(request);
  if (!servers) return printer.Fail(FailureFrom(servers.error(), "list"));
  Exit worst = Exit::kOk;
  for (const v1::Resource& server : *servers) {
    if (!server.server().has_endpoint() || server.server().approval() == v1::Approval::DRAFT)
      continue;
    printer.Did(server.name());
    if (CheckServer(context, server.name(), StageLayout::kOneLine) != Exit::kOk)
      worst = Exit::kUnreachable;
  }
  return worst;
}

}  // namespace

void AddDoctor(Verbs& verbs) {
  auto name = std::make_shared<std::string>();
  verbs
      .Add("doctor", "Find out what is wrong, and what to do", "portolan doctor fs",
           [name](Context& context) {
             if (name->empty()) return CheckAll(context);
             auto server = context.FindServer(*name);
             if (!server) return context.printer().Fail(FailureFrom(server.error(), "doctor"));
             return CheckServer(context, server->name(), StageLayout::kOnePerLine);
           })
      .Word("server", *name, "SERVER", "Only this server; without it everything",
            Verb::Need::kOptional);
}

}  // namespace cli
