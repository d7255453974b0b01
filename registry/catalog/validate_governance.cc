// What is said about servers besides how they are reached: their end, their place, who asks for them.
#include <algorithm>

#include "base/http/client.h"
#include "base/rfc3339.h"
#include "registry/catalog/metadata.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxTitleCharacters = 100;
constexpr std::size_t kMaxDescriptionBytes = 4096;
constexpr std::size_t kMaxReasonCharacters = 1000;
constexpr std::size_t kMaxAskedBytes = 400;
constexpr std::size_t kMaxPrincipalBytes = 256;
constexpr int kMaxDocuments = 32;

bool IsDay(const std::string& text) {
  return text.size() == 10 && base::ParseRfc3339(text + "T00:00:00Z").has_value();
}

base::Result<void> CheckReasonAt(std::string_view pointer, std::string_view reason) {
  if (Characters(reason) <= kMaxReasonCharacters) return {};
  return FieldError(pointer, "at most 1,000 characters");
}

}  // namespace

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

base::Result<void> CheckUrl(std::string_view pointer, const std::string& url) {
  if (url.size() > kMaxUrlBytes) return FieldError(pointer, "at most 2,048 bytes");
  const auto parsed = base::http::Url::Parse(url);
  if (parsed.has_error()) return FieldError(pointer, parsed.error().message);
  return {};
}

base::Result<void> CheckReason(std::string_view reason) { return CheckReasonAt("/reason", reason); }

base::Result<void> ValidateGovernance(const v1::Server& server) {
  if (!server.sunset().empty() && !IsDay(server.sunset()))
    return FieldError("/spec/sunset", "must be a day: 2027-01-01");
  if (!server.successor().empty() && CheckServerName(server.successor()).has_error())
    return FieldError("/spec/successor", "must be the name of a server: namespace/name");
  const auto reason = CheckReasonAt("/spec/approval_reason", server.approval_reason());
  if (reason.has_error()) return reason.error();
  if (!server.environment().empty() && !IsLabel(server.environment()))
    return FieldError("/spec/environment", "is not the name of an Environment");
  if (const auto ok = ValidateMetadata(server); ok.has_error()) return ok.error();
  if (server.documents_size() > kMaxDocuments) return FieldError("/spec/documents", "at most 32");
  for (int i = 0; i < server.documents_size(); ++i) {
    const std::string here = "/spec/documents/" + std::to_string(i);
    if (Characters(server.documents(i).title()) > kMaxTitleCharacters)
      return FieldError(here + "/title", "at most 100 characters");
    if (server.documents(i).url().empty()) return FieldError(here + "/url", "is missing");
    if (const auto ok = CheckUrl(here + "/url", server.documents(i).url()); ok.has_error())
      return ok.error();
  }
  return {};
}

base::Result<void> ValidateEnvironment(std::string_view name, const v1::Environment& environment) {
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  if (Characters(environment.title()) > kMaxTitleCharacters)
    return FieldError("/spec/title", "at most 100 characters");
  if (environment.description().size() > kMaxDescriptionBytes)
    return FieldError("/spec/description", "at most 4,096 bytes");
  return {};
}

base::Result<void> ValidateAccessRequest(std::string_view name, const v1::AccessRequest& request) {
  if (!IsLabel(name)) return FieldError("/name", "is not the id of a request");
  if (request.server().empty()) return FieldError("/spec/server", "is missing");
  if (request.server().size() > kMaxAskedBytes)
    return FieldError("/spec/server", "at most 400 bytes");
  if (request.principal().empty()) return FieldError("/spec/principal", "is missing");
  if (request.principal().size() > kMaxPrincipalBytes ||
      request.decided_by().size() > kMaxPrincipalBytes) {
    return FieldError(
        request.decided_by().size() > kMaxPrincipalBytes ? "/spec/decided_by" : "/spec/principal",
        "at most 256 bytes");
  }
  if (const auto ok = CheckReasonAt("/spec/reason", request.reason()); ok.has_error())
    return ok.error();
  return CheckReasonAt("/spec/decision_reason", request.decision_reason());
}

}  // namespace registry
