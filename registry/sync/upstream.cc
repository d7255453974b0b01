#include "registry/sync/upstream.h"

#include <ctime>

#include "base/http/target.h"

namespace registry::sync {
namespace {

using base::http::Field;

constexpr std::size_t kMaxPageBytes = 16 * 1024 * 1024;

// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); 0: it is none.
std::int64_t ReadDate(std::string_view text) {
  std::tm parts{};
  const std::string copy(text.substr(0, 64));
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end || *end != '\0') return 0;
  return static_cast<std::int64_t>(timegm(&parts)) * 1000;
}

}  // namespace

base::Task<base::Result<Fetched>> Fetch(base::http::Client& client, std::string url,
                                        base::CancelSignal& cancel) {
  const auto parsed = base::http::Url::Parse(url);
  if (parsed.has_error()) co_return parsed.error();
  const std::string where = parsed->authority();
  const Field fields[] = {{"Accept", "application/json"}, {"User-Agent", "portolan"}};
  const base::http::Client::Request request{
      .method = "GET", .fields = fields, .body = {}, .cancel = &cancel};
  auto sent = co_await client.Send(*parsed, request);
  if (!sent) co_return sent.error().error;
  base::http::ClientExchange& exchange = **sent;
  Fetched fetched;
  fetched.status = exchange.head().status;
  if (const auto date = exchange.head().fields.Find("Date")) fetched.date_ms = ReadDate(*date);
  if (fetched.status != 200) co_return fetched;
  const auto body = co_await exchange.ReadBody(kMaxPageBytes);
  if (body.has_error()) co_return body.error().WithContext("the answer of " + where);
  fetched.body = *body;
  co_return fetched;
}

}  // namespace registry::sync
