#include "base/http/head_parser.h"

#include <gtest/gtest.h>

#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

// The reader of heads, held against Beast's basic_parser: whatever one takes, the other takes
// likewise, and what only one refuses is listed here.
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
bool IsFoldedValue(std::string_view name, std::string_view value, std::string_view all) {
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
    if (IsFoldedValue(name, value, all_)) failed = error::bad_value;
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

HeadOutcome BeastRequestHead(std::string_view bytes, RequestHead& head, Framing& framing) {
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

HeadOutcome BeastResponseHead(std::string_view bytes, bool no_body, ResponseHead& head,
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

// What may be put into a head, or in its place: small pieces that matter to the grammar.
constexpr std::string_view kPieces[] = {"\r\n",
                                        "\n",
                                        "\r",
                                        " ",
                                        "\t",
                                        ":",
                                        ",",
                                        ";",
                                        "HTTP/1.1",
                                        "HTTP/1.0",
                                        "HTTP/2.0",
                                        "HTTP/1.",
                                        "GET",
                                        "POST",
                                        "/",
                                        "/a?b=c",
                                        "*",
                                        "http://host/x",
                                        "http://host",
                                        "#",
                                        "200",
                                        " 204 ",
                                        "304",
                                        "101",
                                        "Content-Length: 5\r\n",
                                        "Content-Length: ",
                                        "content-length:0\r\n",
                                        "Content-Length: 5, 5\r\n",
                                        "Content-Length: 18446744073709551616\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding: gzip, chunked\r\n",
                                        "Host: a\r\n",
                                        "host: b\r\n",
                                        "Connection: close\r\n",
                                        "Connection: keep-alive, upgrade\r\n",
                                        "connection:, close ,\r\n",
                                        "Connection: a b\r\n",
                                        "Proxy-Connection: close\r\n",
                                        "Expect: 100-continue\r\n",
                                        "X: \t y z \t\r\n",
                                        "X:\r\n",
                                        "X : y\r\n",
                                        "\r\n\r\n",
                                        "\r\n ",
                                        "\x7f",
                                        "\x80",
                                        "\xff",
                                        "\x01",
                                        "\"",
                                        "(",
                                        "chunked",
                                        "close",
                                        "-1",
                                        "+5"};

class HeadParserTest : public ::testing::Test {
 protected:
  std::string Mutated(std::string text) {
    const std::size_t changes = generator_() % 4;
    for (std::size_t i = 0; i < changes; ++i) {
      const std::size_t at = generator_() % (text.size() + 1);
      const std::string_view piece = kPieces[generator_() % std::size(kPieces)];
      switch (generator_() % 4) {
        case 0: text.insert(at, piece); break;
        case 1: text.replace(at, std::min(piece.size(), text.size() - at), piece); break;
        case 2: text.erase(at, 1 + generator_() % 3); break;
        default: text.insert(at, 1, static_cast<char>(generator_() % 256));
      }
    }
    if (generator_() % 8 == 0) text.resize(generator_() % (text.size() + 1));
    return text;
  }

  std::string Made(std::string_view first_line) {
    std::string text(first_line);
    const std::size_t lines = generator_() % 6;
    for (std::size_t i = 0; i < lines; ++i) {
      text += kPieces[24 + generator_() % 18];
    }
    return Mutated(text + "\r\n" + (generator_() % 2 ? "body" : ""));
  }

  std::mt19937 generator_{20260728};
};

// Folded lines with nothing in them are no fold to Beast.
bool IsFolded(const std::string& text) {
  return text.find("\n ") != std::string::npos || text.find("\n\t") != std::string::npos;
}

std::string Told(const HeadOutcome& outcome, const Fields& fields, const Framing& framing) {
  std::string told = std::to_string(outcome.bytes) + " " + std::to_string(outcome.refused);
  if (outcome.bytes == 0) return told;
  told += " body " + std::to_string(static_cast<int>(framing.body)) + " of " +
          std::to_string(framing.length) + (framing.http_11 ? " 1.1" : " 1.0") +
          (framing.keep_alive ? " kept" : " closed") + "\n";
  for (const Field& field : fields.all())
    told.append(field.name).append("=").append(field.value).append("\n");
  return told;
}

TEST_F(HeadParserTest, ReadsRequestsLikeBeast) {
  std::size_t taken = 0;
  for (int round = 0; round < 40'000; ++round) {
    const std::string text = Made(round % 2 ? "POST /a/mcp?k=v HTTP/1.1\r\nHost: h:1\r\n"
                                            : "GET / HTTP/1.0\r\nAccept: */*\r\n");
    RequestHead ours, theirs;
    Framing our_framing, their_framing;
    const HeadOutcome our_outcome = ParseRequestHead(text, ours, our_framing);
    const HeadOutcome their_outcome = BeastRequestHead(text, theirs, their_framing);
    if (IsFolded(text)) {
      ASSERT_TRUE(our_outcome.bytes == 0 || our_outcome.bytes == their_outcome.bytes) << text;
      continue;
    }
    ASSERT_EQ(Told(our_outcome, ours.fields, our_framing),
              Told(their_outcome, theirs.fields, their_framing))
        << text;
    if (our_outcome.bytes == 0) continue;
    ++taken;
    ASSERT_EQ(ours.method, theirs.method);
    ASSERT_EQ(ours.target, theirs.target);
    ASSERT_EQ(ours.path, theirs.path);
    ASSERT_EQ(ours.query, theirs.query);
    ASSERT_EQ(our_framing.expects_continue, their_framing.expects_continue);
  }
  EXPECT_GT(taken, 4'000u);
}

TEST_F(HeadParserTest, ReadsResponsesLikeBeast) {
  std::size_t taken = 0;
  for (int round = 0; round < 40'000; ++round) {
    const std::string text =
        Made(round % 2 ? "HTTP/1.1 200 OK\r\nServer: s\r\n" : "HTTP/1.0 404 \r\n");
    const bool no_body = generator_() % 8 == 0;
    ResponseHead ours, theirs;
    Framing our_framing, their_framing;
    const HeadOutcome our_outcome = ParseResponseHead(text, no_body, ours, our_framing);
    const HeadOutcome their_outcome = BeastResponseHead(text, no_body, theirs, their_framing);
    if (IsFolded(text)) {
      ASSERT_TRUE(our_outcome.bytes == 0 || our_outcome.bytes == their_outcome.bytes) << text;
      continue;
    }
    ASSERT_EQ(Told(our_outcome, ours.fields, our_framing),
              Told(their_outcome, theirs.fields, their_framing))
        << text;
    if (our_outcome.bytes == 0) continue;
    ++taken;
    ASSERT_EQ(ours.status, theirs.status);
    ASSERT_EQ(ours.content_length, theirs.content_length);
  }
  EXPECT_GT(taken, 4'000u);
}

TEST_F(HeadParserTest, RefusesALineThatGoesOnInTheNext) {
  RequestHead head;
  Framing framing;
  EXPECT_EQ(
      ParseRequestHead("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n \r\n\r\n", head, framing).refused,
      400);
  EXPECT_EQ(
      ParseRequestHead("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", head, framing).refused,
      400);
}

TEST_F(HeadParserTest, AsksForMoreUntilTheHeadIsWhole) {
  const std::string_view text = "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  RequestHead head;
  Framing framing;
  for (std::size_t size = 0; size < text.size(); ++size) {
    const HeadOutcome outcome = ParseRequestHead(text.substr(0, size), head, framing);
    ASSERT_EQ(outcome.bytes, 0u) << size;
    ASSERT_EQ(outcome.refused, 0) << size;
  }
  EXPECT_EQ(ParseRequestHead(text, head, framing).bytes, text.size());
  EXPECT_FALSE(framing.keep_alive);
}

}  // namespace
}  // namespace base::http
