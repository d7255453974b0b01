#include "gateway/backends/checked_answer.h"

#include <algorithm>

#include "mcp/http_client.h"
#include "mcp/message.h"

namespace gateway {
namespace {

constexpr std::string_view kWhite = " \t\r\n";
constexpr std::string_view kKey = "\"id\"";
constexpr std::size_t kScannedWhole = 4 * 1024;
// An id longer than that is looked for nowhere.
constexpr std::size_t kEndBytes = 512;

void SkipWhite(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWhite), text.size()));
}

bool Skip(std::string_view& text, std::string_view expected) {
  SkipWhite(text);
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// A raw string or number, taken off the front; empty: it is neither, or does not end here.
std::string_view TakeId(std::string_view& text) {
  SkipWhite(text);
  std::size_t size = 0;
  if (text.starts_with('"')) {
    for (size = 1; size < text.size() && text[size] != '"'; ++size) size += text[size] == '\\';
    if (++size > text.size()) return {};
  } else {
    size = std::min(text.find_first_of(",} \t\r\n"), text.size());
    if (size == text.size()) return {};
  }
  const std::string_view id = text.substr(0, size);
  text.remove_prefix(size);
  return id;
}

// Whether a message begins with its version and that id, without a space: nearly every good answer
// that has them in front.
bool BeginsAsUsual(std::string_view message, std::string_view raw_id) {
  constexpr std::string_view kBeginning = R"({"jsonrpc":"2.0","id":)";
  if (!message.starts_with(kBeginning)) return false;
  message.remove_prefix(kBeginning.size());
  return message.size() > raw_id.size() && message.starts_with(raw_id) &&
         message[raw_id.size()] == ',';
}

}  // namespace

base::Task<base::Result<std::string_view>> CheckedAnswer::Next() {
  return verdict_ == Verdict::kGood ? answer_.Next() : NextJudged();
}

base::Task<base::Result<std::string_view>> CheckedAnswer::NextJudged() {
  const base::Result<std::string_view> piece = co_await answer_.Next();
  if (!piece) co_return piece;
  const bool first = passed_ == 0;
  passed_ += piece->size();
  if (first && !piece->empty()) verdict_ = JudgeBeginning(*piece);
  if (verdict_ == Verdict::kOpen) {
    const bool last =
        piece->empty() || answer_.complete() || (length() != 0 && passed_ >= length());
    KeepEnd(*piece);
    if (last) verdict_ = JudgeEnd();
    if (verdict_ == Verdict::kOpen && first && last && piece->size() <= kScannedWhole) {
      const auto envelope = mcp::Scan(*piece);
      if (!envelope || !mcp::IsAnswerTo(*piece, *envelope, raw_id_)) verdict_ = Verdict::kWrong;
    }
  }
  if (verdict_ == Verdict::kWrong) {
    co_return base::Fail(base::Code::kDataLoss, "the server answered with another id");
  }
  co_return piece;
}

// {"jsonrpc":"2.0","id":ID,...
CheckedAnswer::Verdict CheckedAnswer::JudgeBeginning(std::string_view piece) const {
  if (BeginsAsUsual(piece, raw_id_)) return Verdict::kGood;
  if (!Skip(piece, "{")) return Verdict::kOpen;
  std::string_view behind = piece;
  if (Skip(behind, "\"jsonrpc\"") && Skip(behind, ":") && Skip(behind, "\"2.0\"") &&
      Skip(behind, ",")) {
    piece = behind;
  }
  if (!Skip(piece, kKey) || !Skip(piece, ":")) return Verdict::kOpen;
  const std::string_view id = TakeId(piece);
  if (id.empty() || id == "null") return Verdict::kOpen;
  return mcp::IsSameId(id, raw_id_) ? Verdict::kGood : Verdict::kWrong;
}

// ...,"id":ID} or ...,"id":ID,"jsonrpc":"2.0"}
CheckedAnswer::Verdict CheckedAnswer::JudgeEnd() const {
  const std::string_view end = end_;
  const std::size_t key = end.rfind(kKey);
  if (key == std::string_view::npos) return Verdict::kOpen;
  std::string_view rest = end.substr(key + kKey.size());
  if (!Skip(rest, ":")) return Verdict::kOpen;
  const std::string_view id = TakeId(rest);
  if (id.empty() || id == "null") return Verdict::kOpen;
  std::string_view behind = rest;
  if (Skip(behind, ",") && Skip(behind, "\"jsonrpc\"") && Skip(behind, ":") &&
      Skip(behind, "\"2.0\"")) {
    rest = behind;
  }
  if (!Skip(rest, "}")) return Verdict::kOpen;
  // An id inside of something else is followed by more than one brace.
  SkipWhite(rest);
  if (!rest.empty()) return Verdict::kOpen;
  return mcp::IsSameId(id, raw_id_) ? Verdict::kGood : Verdict::kWrong;
}

void CheckedAnswer::KeepEnd(std::string_view piece) {
  if (piece.size() >= kEndBytes) {
    end_ = piece.substr(piece.size() - kEndBytes);
    return;
  }
  end_ += piece;
  if (end_.size() > kEndBytes) end_.erase(0, end_.size() - kEndBytes);
}

}  // namespace gateway
