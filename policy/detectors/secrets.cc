#include "policy/detectors/secrets.h"

#include <re2/re2.h>

#include <string>

namespace policy {
namespace {

// Each begins with letters that are rare in that order, so that most text is passed over.
constexpr std::string_view kForms[] = {
    // Portolan: keys, tokens
    R"(\bpt[kt]_[a-z0-9]{12}_[A-Za-z0-9_-]{32,})",
    // Amazon
    R"(\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b)",
    // Google
    R"(\bAIza[A-Za-z0-9_-]{35})",
    R"(\bGOCSPX-[A-Za-z0-9_-]{20,})",
    R"(\bya29\.[A-Za-z0-9_-]{20,})",
    // GitHub, GitLab
    R"(\bgh[oprsu]_[A-Za-z0-9]{36,})",
    R"(\bgithub_pat_[A-Za-z0-9_]{22,})",
    R"(\bgl(?:pat|dt|rt|ptt|oas|soat)-[A-Za-z0-9_-]{20,})",
    // Slack
    R"(\bxox[abeoprs]-[A-Za-z0-9-]{10,})",
    R"(\bxapp-[0-9]-[A-Za-z0-9-]{10,})",
    R"(hooks\.slack\.com/services/[A-Za-z0-9/_-]{20,})",
    // Stripe
    R"(\b(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{20,})",
    // OpenAI, Anthropic and who took their form
    R"(\bsk-[A-Za-z0-9_-]{20,})",
    // npm, PyPI, Hugging Face, DigitalOcean, Linear, Notion, Postman, Shopify, SendGrid, Databricks
    R"(\bnpm_[A-Za-z0-9]{36})",
    R"(\bpypi-[A-Za-z0-9_-]{32,})",
    R"(\bhf_[A-Za-z0-9]{30,})",
    R"(\bdo[opr]_v1_[a-f0-9]{64})",
    R"(\blin_api_[A-Za-z0-9]{32,})",
    R"(\bntn_[A-Za-z0-9]{40,})",
    R"(\bPMAK-[a-f0-9]{24}-[a-f0-9]{34})",
    R"(\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})",
    R"(\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64})",
    R"(\bdapi[a-f0-9]{32})",
    // Azure: storage, service bus
    R"(\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2})",
    // JSON Web Tokens
    R"(\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,})",
    // The passwords of URLs and of connection strings
    R"(://[^\s/?#:@"'<>]{0,64}:[^\s/?#@"'<>]{3,128}@)",
    R"(\b(?i:password|passwd|pwd)=[^\s;,&"'<>]{6,})",
    // The beginning of a private key; it is taken to its end
    R"(-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----)",
};

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kUrl = "://";

const re2::RE2& Forms() {
  static const re2::RE2 forms(
      [] {
        std::string all;
        for (const std::string_view form : kForms) all.append(all.empty() ? "" : "|").append(form);
        return all;
      }(),
      [] {
        re2::RE2::Options options;
        options.set_encoding(re2::RE2::Options::EncodingLatin1);  // bytes: the forms are ASCII
        options.set_log_errors(false);
        options.set_max_mem(16 << 20);
        return options;
      }());
  return forms;
}

// Where a private key that begins at `begin` ends: behind its last line, or with the text.
std::size_t EndOfKey(std::string_view text, std::size_t begin) {
  const std::size_t end = text.find(kEnd, begin);
  if (end == std::string_view::npos) return text.size();
  const std::size_t dashes = text.find(kDashes, end + kEnd.size());
  return dashes == std::string_view::npos ? text.size() : dashes + kDashes.size();
}

}  // namespace

bool HasSecret(std::string_view text) {
  return Forms().Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                       re2::RE2::UNANCHORED, nullptr, 0);
}

void FindSecrets(std::string_view text, TextRanges& found) {
  const re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece match;
  for (std::size_t at = 0; at < text.size();) {
    if (!Forms().Match(piece, at, text.size(), re2::RE2::UNANCHORED, &match, 1)) return;
    TextRange range;
    range.begin = static_cast<std::size_t>(match.data() - text.data());
    range.end = range.begin + match.size();
    at = range.end;
    const std::string_view what = text.substr(range.begin, match.size());
    if (what.starts_with(kBegin)) {
      at = range.end = EndOfKey(text, range.end);
    } else if (what.starts_with(kUrl)) {
      // What stands around the name and the password is no secret.
      range.begin += kUrl.size();
      --range.end;
    }
    found.push_back(range);
  }
}

}  // namespace policy
