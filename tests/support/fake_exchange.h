// A FakeExchange is an HTTP exchange without a socket: the request is given, the response is kept.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/server.h"

namespace support {

class FakeExchange final : public base::http::Exchange {
 public:
  FakeExchange(std::string_view method, std::string body,
               const std::vector<base::http::Field>& request_fields = {})
      : body_(std::move(body)) {
    head_.method = method;
    head_.target = head_.path = "/x/mcp";
    for (const base::http::Field& field : request_fields) With(field.name, field.value);
  }
  // Characters must outlive the exchange.
  FakeExchange& With(std::string_view name, std::string_view value) {
    head_.fields.Add(name, value);
    return *this;
  }
  // Characters must outlive the exchange.
  FakeExchange& WithQuery(std::string_view query) {
    head_.query = query;
    return *this;
  }
  // From now on nothing can be written.
  void HangUp() {
    gone_ = true;
    cancel_.Request();
  }

  // What was answered. `text` holds all that was written, `writes` each piece.
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string text;
  std::vector<std::string> writes;
  bool streamed = false;
  bool finished = false;
  std::uint64_t announced_length = 0;

  std::string Field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (base::http::EqualsIgnoreCase(key, name)) return value;
    }
    return {};
  }

  const base::http::RequestHead& head() const override { return head_; }
  std::string_view peer_address() const override { return "127.0.0.1"; }
  std::uint64_t connection_id() const override { return 7; }
  bool is_tls() const override { return false; }
  base::CancelSignal& cancel() override { return cancel_; }
  std::uint64_t bytes_in() const override { return body_.size(); }
  std::uint64_t bytes_out() const override { return text.size(); }
  bool response_started() const override { return status != 0; }

  base::Task<base::Result<std::string_view>> ReadBody(std::size_t max_bytes) override {
    if (body_.size() > max_bytes) {
      co_return base::Fail(base::Code::kResourceExhausted, "too long");
    }
    co_return std::string_view(body_);
  }
  base::Task<base::Result<void>> Respond(int answer_status,
                                         std::span<const base::http::Field> answer_fields,
                                         std::string_view body) override {
    co_return Start(answer_status, answer_fields, body, true);
  }
  base::Task<base::Result<void>> Respond(int answer_status,
                                         std::span<const base::http::Field> answer_fields,
                                         std::span<const std::string_view> body) override {
    std::string whole;
    for (const std::string_view piece : body) whole += piece;
    co_return Start(answer_status, answer_fields, whole, true);
  }
  base::Task<base::Result<void>> StartStream(int answer_status,
                                             std::span<const base::http::Field> answer_fields,
                                             std::uint64_t content_length) override {
    streamed = true;
    announced_length = content_length;
    co_return Start(answer_status, answer_fields, {}, false);
  }
  base::Task<base::Result<void>> Write(std::string_view bytes) override {
    if (gone_) co_return Gone();
    text += bytes;
    writes.emplace_back(bytes);
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> FinishStream() override {
    if (gone_) co_return Gone();
    finished = true;
    co_return base::Result<void>();
  }

 private:
  static base::Error Gone() { return base::Fail(base::Code::kCancelled, "the peer is gone"); }
  base::Result<void> Start(int answer_status, std::span<const base::http::Field> answer_fields,
                           std::string_view body, bool done) {
    if (gone_) return Gone();
    status = answer_status;
    for (const base::http::Field& field : answer_fields)
      fields.emplace_back(field.name, field.value);
    text += body;
    finished = done;
    return {};
  }

  base::http::RequestHead head_;
  std::string body_;
  base::CancelSignal cancel_;
  bool gone_ = false;
};

}  // namespace support
