// cache: what gateways keep of answers (rules `cache`), and how they are made to forget it.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  std::string server;
  std::string item;
};

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

Exit Clear(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  v1::PurgeCacheRequest request;
  request.set_item(arguments.item);
  if (!arguments.server.empty()) {
    auto server = context.FindServer(arguments.server);
    if (!server) return printer.Fail(FailureFrom(server.error(), "cache clear"));
    request.set_server(server->name());
  }
  auto purged = context.registry().PurgeCache(request);
  if (!purged) return printer.Fail(FailureFrom(purged.error(), "cache clear"));
  if (!purged->not_heard_of().empty()) {
    return printer.Fail(
        {Exit::kUnreachable, "cache clear",
         "not heard of: " + Joined(purged->not_heard_of()) +
             (purged->done().empty() ? "" : "; done: " + Joined(purged->done())),
         "a gateway that is away forgets when it is back      portolan gateway ls"});
  }
  printer.One(base::Print(*purged, base::Spelling::kSnakeCase), "", [&] {
    printer.Did(purged->done().empty() ? "no gateway has joined, so nothing is kept"
                                       : "forgotten by " + Joined(purged->done()));
  });
  return Exit::kOk;
}

}  // namespace

void AddCache(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("cache", "Answers that gateways keep");
  auto arguments = std::make_shared<Arguments>();
  verbs
      .AddTo(family, "clear", "Every gateway forgets what it keeps of answers",
             "portolan cache clear weather --item get_forecast",
             [arguments](Context& context) { return Clear(context, *arguments); })
      .Word("server", arguments->server, "SERVER", "Only of this server", Verb::Need::kOptional)
      .Option("--item", arguments->item, "NAME", "Only of this tool, or list: tools/list");
}

}  // namespace cli
