// Who may call what: one table for every face. A method without a row fails the tests.
#pragma once

#include <vector>

namespace registry {

struct RoleRow {
  const char* method;
  // Of its request, as JSON.
  const char* body;
  // `-` denied, `+` let through to the method
  //                  nobody, viewer, publisher, approver, operator, admin
  const char* allowed;
  // A stream that says nothing by itself: that it is let through is that it is not refused at once.
  bool silent = false;
};

// Methods of one answer: over gRPC and as JSON.
std::vector<RoleRow> UnaryRoleRows();
// Streams: over gRPC.
std::vector<RoleRow> StreamRoleRows();

// The registry API.
struct PathRow {
  const char* method;
  const char* path;
  const char* body;
  const char* allowed;
};
std::vector<PathRow> RegistryApiRoleRows();

// The tools of discovery, called with those arguments; `-`: an error that is told to the caller.
std::vector<RoleRow> DiscoveryRoleRows();

}  // namespace registry
