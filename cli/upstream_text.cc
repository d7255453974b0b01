#include "cli/upstream_text.h"

#include "cli/printer.h"
#include "portolan/v1/policy.pb.h"

namespace cli {

namespace v1 = portolan::v1;

namespace {

void Add(std::string& text, const std::string& what) {
  if (!what.empty()) text += (text.empty() ? "" : "; ") + what;
}

std::string On(const google::protobuf::RepeatedField<int>& failures, std::string_view otherwise) {
  std::string text;
  for (const int failure : failures) {
    text += (text.empty() ? "" : ", ") +
            v1::UpstreamFailure::Value_Name(static_cast<v1::UpstreamFailure::Value>(failure));
  }
  return text.empty() ? std::string(otherwise) : text;
}

std::string Bounds(const v1::Timeouts& timeout) {
  std::string text;
  auto add = [&](bool said, std::int64_t ms, std::string_view what) {
    if (said)
      text += (text.empty() ? "" : ", ") + std::string(what) + " within " + WithCommas(ms) + " ms";
  };
  add(timeout.has_connect_ms(), timeout.connect_ms(), "connects");
  add(timeout.has_first_byte_ms(), timeout.first_byte_ms(), "begins to answer");
  add(timeout.has_idle_ms(), timeout.idle_ms(), "says something");
  add(timeout.has_total_ms(), timeout.total_ms(), "is done");
  return text;
}

std::string Headers(const v1::HeaderRules& headers) {
  std::string text;
  auto names = [&](const auto& list, std::string_view what) {
    std::string joined;
    for (const std::string& name : list) joined += (joined.empty() ? " " : ", ") + name;
    if (!joined.empty()) Add(text, std::string(what) + joined);
  };
  auto lines = [&](const auto& list, std::string_view what) {
    std::string joined;
    for (const v1::HeaderValue& line : list)
      joined += (joined.empty() ? " " : ", ") + line.name() + " = " + line.value();
    if (!joined.empty()) Add(text, std::string(what) + joined);
  };
  names(headers.forward(), "forwards");
  lines(headers.set(), "sets");
  names(headers.remove(), "removes");
  lines(headers.answer(), "answers with");
  return text;
}

std::string Text(const v1::Retry& retry) {
  if (retry.attempts() == 0) return "asks once";
  std::string text = "asks up to " + WithCommas(retry.attempts()) + " times more on " +
                     On(retry.on(), "CONNECT, HTTP_502, HTTP_503");
  if (retry.force()) text += ", whatever it does";
  return text;
}

std::string Text(const v1::Breaker& breaker) {
  std::string text = "left alone after ";
  if (breaker.failures() != 0 || breaker.failure_percent() == 0) {
    text += WithCommas(breaker.failures() == 0 ? 5 : breaker.failures()) + " failures";
    if (breaker.failure_percent() != 0) text += " or ";
  }
  if (breaker.failure_percent() != 0) text += WithCommas(breaker.failure_percent()) + "% failures";
  text += " in " + WithCommas(breaker.window_s() == 0 ? 30 : breaker.window_s()) + " s, for " +
          WithCommas(breaker.open_s() == 0 ? 20 : breaker.open_s()) + " s";
  return text;
}

}  // namespace

std::string UpstreamText(const v1::Upstream& upstream) {
  std::string text;
  if (upstream.credential() == "-") Add(text, "shows no credential");
  if (!upstream.credential().empty() && upstream.credential() != "-")
    Add(text, "shows credential " + upstream.credential());
  if (upstream.has_headers()) Add(text, Headers(upstream.headers()));
  if (upstream.has_timeout()) Add(text, Bounds(upstream.timeout()));
  if (upstream.has_retry()) Add(text, Text(upstream.retry()));
  if (upstream.has_breaker()) Add(text, Text(upstream.breaker()));
  return "server: " + text;
}

}  // namespace cli
