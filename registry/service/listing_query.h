// What GET /servers is asked, read from its query and from the cursor of the page before.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "registry/service/server_listing.h"

namespace registry {

struct ListingQuery {
  ServerListing::Filter filter;
  ServerListing::Position after;
  std::size_t limit = 30;
};

struct QueryProblem {
  int status = 400;
  std::string sentence;
};

// 422 for a limit or a flag out of bounds, 400 for the rest; as the official registry answers.
boost::system::result<ListingQuery, QueryProblem> ReadListingQuery(std::string_view query);

// Letters, digits, `-` and `_` alone: clients put it into a URL as it is.
std::string MakeListingCursor(const ServerListing::Filter& filter,
                              const ServerListing::Position& last);

}  // namespace registry
