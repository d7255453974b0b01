// portal: a link that signs a browser in, once.
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {

void AddPortal(Verbs& verbs) {
  verbs.Add("portal", "A one-time link that signs a browser in to the portal", "portolan portal",
            [](Context& context) {
              Printer& printer = context.printer();
              auto link = context.registry().CreatePortalLink();
              if (!link) return printer.Fail(FailureFrom(link.error(), "portal"));
              printer.One(
                  {{"url", link->url()}, {"expires_at_ms", link->expires_at_ms()}}, link->url(),
                  [&] {
                    printer.out() << link->url() << '\n';
                    printer.Say("  opens once, for you, until " + TimeOfDay(link->expires_at_ms()));
                  });
              return Exit::kOk;
            });
}

}  // namespace cli
