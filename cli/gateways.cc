// gateway: who serves the traffic, and how another one joins.
#include "base/manifest.h"
#include "cli/context.h"
#include "cli/local_data.h"
#include "cli/verbs.h"

namespace cli {
namespace {

Exit List(Context& context) {
  Printer& printer = context.printer();
  auto gateways = context.registry().ListGateways();
  if (!gateways) return printer.Fail(FailureFrom(gateways.error(), "gateway"));
  std::vector<Row> rows;
  for (const v1::GatewayStatus& gateway : gateways->gateways()) {
    Row row;
    row.name = gateway.name();
    row.tree = base::Print(gateway, base::Spelling::kSnakeCase);
    row.cells = {
        {gateway.name(), Tone::kStrong},
        gateway.connected() ? Cell{"● connected", Tone::kGood} : Cell{"✗ away", Tone::kBad},
        {std::to_string(gateway.revision())},
        {TimeOfDay(gateway.last_seen_ms())},
        {gateway.version()},
        {gateway.admin_url()}};
    if (!gateway.rejections().empty()) row.next = "portolan doctor";
    rows.push_back(std::move(row));
  }
  printer.List({{"GATEWAY"}, {"STATE"}, {"REVISION", true}, {"LAST SEEN"}, {"VERSION"}, {"ADMIN"}},
               rows,
               "no gateway has joined      portolan up   or   portolan-gateway --registry " +
                   context.registry().address());
  return Exit::kOk;
}

// The registry keeps its join token beside its database; whoever may read that folder may add
// gateways.
Exit Token(Context& context) {
  Printer& printer = context.printer();
  auto token = ReadSmallFile(context.data() + "/gateway.token");
  if (!token || token->empty()) {
    return printer.Fail({Exit::kNotFound, "gateway", "no gateway.token in " + context.data(),
                         "run this where the registry runs, with its --data DIR"});
  }
  printer.One({{"join_token", *token}}, *token, [&] {
    printer.out() << *token << '\n';
    printer.Say("  put it into DATA/gateway.token of the new gateway's data directory (mode 0600)");
  });
  return Exit::kOk;
}

}  // namespace

void AddGateways(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("gateway", "Who serves the traffic");
  verbs.AddTo(family, "ls", "Every gateway, and the revision it serves", "portolan gateway ls",
              [](Context& context) { return List(context); });
  verbs.AddTo(family, "token", "The token with which another gateway joins",
              "portolan gateway token", [](Context& context) { return Token(context); });
}

}  // namespace cli
