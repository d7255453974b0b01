#include "base/http/head_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>

namespace base::http {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::error;
using boost::beast::error_code;
using boost::beast::string_view;

// Every search of a head looks at each field.
constexpr std::size_t kMaxFields = 256;

std::string_view View(string_view text) { return {text.data(), text.size()}; }

// A value folded over lines: Beast joins it in a buffer of its own, or begins it behind a line's
// end.
bool IsFolded(std::string_view name, std::string_view value, std::string_view all) {
  if (value.empty()) return false;
  if (value.data() < all.data() || value.data() + value.size() > all.data() + all.size())
    return true;
  const char* after_name = name.data() + name.size();
  return std::memchr(after_name, '\n', static_cast<std::size_t>(value.data() - after_name)) !=
         nullptr;
}

bool IsNumber(std::string_view text) {
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return !text.empty();
}

// What a request or response head has in common.
template <bool is_request>
class Sink : public beast_http::basic_parser<is_request> {
 public:
  Sink(std::string_view all, Fields& fields, Framing& framing)
      : all_(all), fields_(fields), framing_(framing) {
    this->body_limit(boost::none);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
  }

  Framing::Body body() const {
    if (this->is_done()) return Framing::Body::kNone;
    if (this->chunked()) return Framing::Body::kChunked;
    if (this->content_length()) return Framing::Body::kLength;
    return Framing::Body::kUntilEnd;
  }

 protected:
  void OnField(beast_http::field field, std::string_view name, std::string_view value,
               error_code& failed) {
    if (IsFolded(name, value, all_)) failed = error::bad_value;
    if (field == beast_http::field::content_length && (lengths_++ > 0 || !IsNumber(value))) {
      failed = error::bad_content_length;
    }
    if (field == beast_http::field::transfer_encoding &&
        (codings_++ > 0 || !EqualsIgnoreCase(value, "chunked"))) {
      failed = error::bad_transfer_encoding;
    }
    if (fields_.all().size() >= kMaxFields) failed = error::header_limit;
    fields_.Add(name, value);
  }

  void OnHeader(error_code& failed) {
    if (lengths_ > 0 && codings_ > 0) failed = error::bad_transfer_encoding;
    if (!framing_.http_11 && codings_ > 0) failed = error::bad_transfer_encoding;
  }

  std::string_view all_;
  Fields& fields_;
  Framing& framing_;

 private:
  void on_field_impl(beast_http::field field, string_view name, string_view value,
                     error_code& failed) override {
    OnField(field, View(name), View(value), failed);
    if constexpr (is_request) OnRequestField(field, View(value));
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

 protected:
  void OnRequestField(beast_http::field field, std::string_view value) {
    if (field == beast_http::field::host) ++hosts_;
    if (field == beast_http::field::expect && EqualsIgnoreCase(value, "100-continue"))
      framing_.expects_continue = true;
  }
  int hosts_ = 0;

 private:
  int lengths_ = 0;
  int codings_ = 0;
};

class RequestSink final : public Sink<true> {
 public:
  RequestSink(std::string_view all, RequestHead& head, Framing& framing)
      : Sink(all, head.fields, framing), head_(head) {}

 private:
  void on_request_impl(beast_http::verb, string_view method, string_view target, int version,
                       error_code& failed) override {
    head_.method = View(method);
    head_.target = View(target);
    framing_.http_11 = version >= 11;
    if (!SplitTarget()) failed = error::bad_target;
  }

  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_header_impl(error_code& failed) override {
    OnHeader(failed);
    if (hosts_ > 1 || (hosts_ == 0 && framing_.http_11)) failed = error::bad_field;
  }

  // origin-form, absolute-form (its authority is for proxies), or `*`.
  bool SplitTarget() {
    std::string_view rest = head_.target;
    for (char c : rest) {
      if (c <= ' ' || c == '#' || c >= 0x7f) return false;
    }
    if (rest != "*" && rest.front() != '/') {
      const std::size_t scheme = rest.find("://");
      if (scheme == std::string_view::npos || scheme == 0) return false;
      rest.remove_prefix(scheme + 3);
      const std::size_t slash = rest.find_first_of("/?");
      if (slash == std::string_view::npos || rest[slash] == '?') return false;
      rest.remove_prefix(slash);
    }
    const std::size_t question = rest.find('?');
    head_.path = rest.substr(0, question);
    head_.query =
        question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
    return true;
  }

  RequestHead& head_;
};

class ResponseSink final : public Sink<false> {
 public:
  ResponseSink(std::string_view all, ResponseHead& head, Framing& framing)
      : Sink(all, head.fields, framing), head_(head) {}

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int version, error_code&) override {
    head_.status = status;
    framing_.http_11 = version >= 11;
  }
  void on_header_impl(error_code& failed) override { OnHeader(failed); }

  ResponseHead& head_;
};

}  // namespace

HeadOutcome ParseRequestHead(std::string_view bytes, RequestHead& head, Framing& framing) {
  head.fields.Clear();
  framing = Framing{};
  RequestSink sink(bytes, head, framing);
  error_code failed;
  const std::size_t consumed = sink.put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
  if (failed == error::need_more && !sink.is_header_done()) return {};
  if (failed == error::bad_version) return {0, 505};
  if (failed == error::header_limit) return {0, 431};
  if (failed) return {0, 400};
  framing.body = sink.body();
  framing.length = framing.body == Framing::Body::kLength ? *sink.content_length() : 0;
  framing.keep_alive = head.keep_alive = sink.keep_alive();
  return {consumed, 0};
}

HeadOutcome ParseResponseHead(std::string_view bytes, bool no_body, ResponseHead& head,
                              Framing& framing) {
  head.fields.Clear();
  framing = Framing{};
  ResponseSink sink(bytes, head, framing);
  sink.skip(no_body);
  error_code failed;
  const std::size_t consumed = sink.put(boost::asio::buffer(bytes.data(), bytes.size()), failed);
  if (failed == error::need_more && !sink.is_header_done()) return {};
  if (failed) return {0, 502};
  framing.body = sink.body();
  framing.length = framing.body == Framing::Body::kLength ? *sink.content_length() : 0;
  framing.keep_alive = sink.keep_alive() && framing.body != Framing::Body::kUntilEnd;
  head.content_length.reset();
  if (framing.body != Framing::Body::kChunked && sink.content_length())
    head.content_length = *sink.content_length();
  return {consumed, 0};
}

std::size_t FindHeadEnd(std::string_view bytes, std::size_t from) {
  from = from > 3 ? from - 3 : 0;
  const std::size_t found = bytes.find("\r\n\r\n", from);
  return found == std::string_view::npos ? 0 : found + 4;
}

// A Beast parser that has read the head of a chunked message already.
class ChunkDecoder::Parser final : public beast_http::basic_parser<false> {
 public:
  Parser() {
    body_limit(boost::none);
    constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    error_code failed;
    put(boost::asio::buffer(kHead.data(), kHead.size()), failed);
    eager(true);
  }

  // Where the payload is moved to.
  char* out = nullptr;
  // Of the chunk that has begun, still to come.
  std::uint64_t left = 0;

  // Whether `rest`, which begins between two chunks, can be the beginning of the last.
  bool MayBeLast(std::string_view rest) const {
    if (any_) {
      if (!rest.starts_with("\r\n")) return rest == "\r";
      rest.remove_prefix(2);
    }
    return rest.empty() || rest.front() == '0';
  }

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast_http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override {
    left = size;
    any_ = true;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    std::memmove(out, body.data(), body.size());
    out += body.size();
    left -= body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  bool any_ = false;
};

ChunkDecoder::ChunkDecoder() : parser_(std::make_unique<Parser>()) {}
ChunkDecoder::~ChunkDecoder() = default;

ChunkDecoder::Outcome ChunkDecoder::Decode(char* bytes, std::size_t size) {
  Outcome outcome;
  if (parser_->is_done()) {
    outcome.done = true;
    return outcome;
  }
  parser_->out = bytes;
  error_code failed;
  // One put may stop before the end of what it could read: it ends each time a chunk header was
  // found without its data.
  while (outcome.consumed < size && !parser_->is_done()) {
    // Beast asserts that it is not asked for the end of the last chunk before `0 CR LF CR LF` can
    // be there.
    if (parser_->left == 0 && size - outcome.consumed < 5 &&
        parser_->MayBeLast({bytes + outcome.consumed, size - outcome.consumed})) {
      break;
    }
    const std::size_t taken = parser_->put(
        boost::asio::buffer(bytes + outcome.consumed, size - outcome.consumed), failed);
    outcome.consumed += taken;
    if (failed || taken == 0) break;
  }
  outcome.payload = static_cast<std::size_t>(parser_->out - bytes);
  outcome.done = parser_->is_done();
  outcome.broken = failed && failed != error::need_more;
  return outcome;
}

}  // namespace base::http
