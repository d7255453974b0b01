// Fetching a page of another registry.
#pragma once

#include <cstdint>
#include <string>

#include "base/cancel.h"
#include "base/http/client.h"
#include "base/result.h"
#include "base/task.h"

namespace registry::sync {

struct Fetched {
  int status = 0;
  // Of a 200 alone.
  std::string body;
  // The other side's clock; 0: it did not say.
  std::int64_t date_ms = 0;
};

// An Error for whatever did not come to an answer; it names the host and nothing behind it, since a
// URL may hold a secret.
base::Task<base::Result<Fetched>> Fetch(base::http::Client& client, std::string url,
                                        base::CancelSignal& cancel);

}  // namespace registry::sync
