// Answers CatalogService.Search: the request's bounds, the index, the caller's sight, and pages.
#pragma once

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/catalog_service.pb.h"
#include "registry/search/index.h"

namespace registry::search {

inline constexpr std::size_t kMaxQueryBytes = 4096;
inline constexpr int kDefaultHits = 5;
inline constexpr int kMaxHits = 100;

// Whether hits show their tools' schemas, which are looked up.
enum class Schemas { kNo, kYes };

// kInvalidArgument names the field; kNotFound: no such server, with the names close to it.
base::Result<portolan::v1::SearchResponse> Answer(const Index& index,
                                                  const portolan::v1::SearchRequest& request,
                                                  const base::auth::Principal& principal,
                                                  Schemas schemas = Schemas::kYes);

// "; did you mean 'a' or 'b'?", or nothing.
std::string DidYouMean(const std::vector<std::string>& names);

}  // namespace registry::search
