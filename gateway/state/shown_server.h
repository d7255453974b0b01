// A server as credentials see it: where it is, and which one it names itself.
#pragma once

#include <string>
#include <vector>

#include "base/http/client.h"

namespace portolan::v1 {
class Server;
}

namespace gateway::state {

struct ShownServer {
  // Of all its places; none of a program, which is shown nothing.
  std::vector<base::http::Url> places;
  // Its URL without a query: what tokens are asked for (RFC 8707).
  std::string resource;
  // Resource name; empty: none.
  std::string credential;

  static ShownServer Of(const portolan::v1::Server& server);
};

}  // namespace gateway::state
