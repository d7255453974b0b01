#include "registry/import/current_version.h"

#include "registry/import/version_order.h"

namespace registry {

void FollowNewest(portolan::v1::Server& server, const portolan::v1::Server& of_version) {
  if (!server.current_version().empty() &&
      CompareVersions(of_version.current_version(), server.current_version()) < 0) {
    return;
  }
  server.set_current_version(of_version.current_version());
  if (server.has_endpoint()) return;
  server.set_title(of_version.title());
  server.set_description(of_version.description());
  server.set_website_url(of_version.website_url());
  server.set_repository_url(of_version.repository_url());
}

}  // namespace registry
