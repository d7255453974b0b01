#include "policy/validate.h"

#include <cmath>
#include <set>
#include <string>
#include <string_view>

#include "policy/address_set.h"
#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/jwt_proof.h"
#include "policy/validate_answers.h"
#include "policy/validate_inspect.h"
#include "policy/validate_limits.h"
#include "policy/validate_upstream.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr int kMaxRules = 256;
constexpr int kMaxGlobs = 256;
constexpr std::size_t kMaxGlobBytes = 256;
constexpr int kMaxAddresses = 4096;
constexpr int kMaxProofs = 16;
constexpr int kMaxHeaders = 8;
constexpr std::int64_t kMaxCalls = 10'000;
constexpr std::int64_t kMaxWindowSeconds = 86'400;
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxMessageBytes = 500;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

bool IsLabel(std::string_view text) {
  if (text.empty() || text.size() > 63 || text.front() == '-') return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

// RFC 9110, token.
bool IsToken(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kMarks.find(c) == std::string_view::npos) return false;
  }
  return true;
}

base::Result<void> CheckAttachment(const v1::PolicySet& set) {
  const std::string pointer = "/spec/attach";
  switch (set.attach().scope_case()) {
    case v1::Attachment::kGlobal:
      if (!set.attach().global()) return Bad(pointer + "/global", "only true is meaningful");
      return {};
    case v1::Attachment::kServer: {
      const std::string& name = set.attach().server();
      if (name.empty() || name.size() > kMaxNameBytes || name.find('/') == std::string::npos) {
        return Bad(pointer + "/server", "must be a server's name, such as 'local/weather'");
      }
      return {};
    }
    case v1::Attachment::kConsumer:
      if (set.attach().consumer().empty() || set.attach().consumer().size() > kMaxNameBytes) {
        return Bad(pointer + "/consumer", "must be a consumer's name");
      }
      return {};
    case v1::Attachment::kProduct:
      if (!IsLabel(set.attach().product()))
        return Bad(pointer + "/product", "must be a product's name");
      return {};
    case v1::Attachment::kVirtualServer:
    case v1::Attachment::SCOPE_NOT_SET: break;
  }
  return Bad(pointer, "must say what the set governs: global, product, server or consumer");
}

template <class Globs>
base::Result<void> CheckGlobs(const Globs& globs, const std::string& pointer) {
  if (globs.size() > kMaxGlobs)
    return Bad(pointer, "more than " + std::to_string(kMaxGlobs) + " entries");
  for (int i = 0; i < globs.size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    if (globs[i].empty()) return Bad(at, "must not be empty");
    if (globs[i].size() > kMaxGlobBytes) {
      return Bad(at, "longer than " + std::to_string(kMaxGlobBytes) + " bytes");
    }
  }
  return {};
}

base::Result<void> CheckSelector(const v1::Selector& select, const std::string& pointer) {
  if (auto ok = CheckGlobs(select.methods(), pointer + "/methods"); !ok) return ok;
  if (auto ok = CheckGlobs(select.tools(), pointer + "/tools"); !ok) return ok;
  if (auto ok = CheckGlobs(select.resources(), pointer + "/resources"); !ok) return ok;
  if (auto ok = CheckGlobs(select.prompts(), pointer + "/prompts"); !ok) return ok;
  if (select.has_annotations()) {
    const v1::ToolHints& hints = select.annotations();
    if (!hints.has_read_only_hint() && !hints.has_destructive_hint() &&
        !hints.has_idempotent_hint() && !hints.has_open_world_hint()) {
      return Bad(pointer + "/annotations", "names no hint");
    }
  }
  const bool of_tools = !select.tools().empty() || select.has_annotations();
  const int items = of_tools + !select.resources().empty() + !select.prompts().empty();
  if (items > 1) {
    return Bad(pointer,
               "a call is of a tool, a resource or a prompt, so the rule would select nothing; "
               "write a rule for each");
  }
  return {};
}

template <class Texts>
base::Result<void> CheckAddresses(const Texts& texts, const std::string& pointer) {
  if (texts.size() > kMaxAddresses)
    return Bad(pointer, "more than " + std::to_string(kMaxAddresses) + " entries");
  AddressSet parsed;
  for (int i = 0; i < texts.size(); ++i) {
    if (auto ok = parsed.Add(texts[i]); !ok)
      return Bad(pointer + "/" + std::to_string(i), ok.error().message);
  }
  return {};
}

base::Result<void> CheckIp(const v1::Ip& ip, const std::string& pointer) {
  if (ip.allow().empty() && ip.deny().empty()) return Bad(pointer, "needs allow or deny");
  if (auto ok = CheckAddresses(ip.allow(), pointer + "/allow"); !ok) return ok;
  return CheckAddresses(ip.deny(), pointer + "/deny");
}

base::Result<void> CheckApiKey(const v1::ApiKeyProof& proof, const std::string& pointer) {
  if (!proof.header().empty() && !IsToken(proof.header()))
    return Bad(pointer + "/header", "is no header name");
  if (proof.aliases_size() > kMaxHeaders) {
    return Bad(pointer + "/aliases", "more than " + std::to_string(kMaxHeaders) + " entries");
  }
  for (int i = 0; i < proof.aliases_size(); ++i) {
    if (!IsToken(proof.aliases(i)))
      return Bad(pointer + "/aliases/" + std::to_string(i), "is no header name");
  }
  if (!proof.query().empty() && !IsToken(proof.query()))
    return Bad(pointer + "/query", "is no parameter name");
  return {};
}

base::Result<void> CheckAuthenticate(const v1::Authenticate& authenticate, const v1::PolicySet& set,
                                     const std::string& pointer) {
  if (ScopeOf(set) == Scope::kConsumer || ScopeOf(set) == Scope::kProduct) {
    return Bad(pointer, "who calls is known before a " + std::string(ScopeName(ScopeOf(set))) +
                            "'s set is; put it in a global set or a server's");
  }
  if (authenticate.any_of().empty()) return Bad(pointer + "/any_of", "needs at least one proof");
  if (authenticate.any_of_size() > kMaxProofs) {
    return Bad(pointer + "/any_of", "more than " + std::to_string(kMaxProofs) + " entries");
  }
  for (int i = 0; i < authenticate.any_of_size(); ++i) {
    const std::string at = pointer + "/any_of/" + std::to_string(i);
    const v1::Authenticate::Proof& proof = authenticate.any_of(i);
    if (!proof.has_api_key() && !proof.has_jwt())
      return Bad(at, "must name a proof: api_key or jwt");
    const auto ok = proof.has_jwt() ? CheckJwtProof(proof.jwt(), at + "/jwt")
                                    : CheckApiKey(proof.api_key(), at + "/api_key");
    if (!ok) return ok;
  }
  return {};
}

// Empty is no condition.
base::Result<void> CheckCondition(const std::string& source, const std::string& pointer) {
  if (source.empty()) return {};
  if (auto condition = Expression::CompileCondition(source); !condition)
    return Bad(pointer, condition.error().message);
  return {};
}

base::Result<void> CheckOverridable(bool overridable, const v1::PolicySet& set,
                                    const std::string& pointer) {
  if (!overridable || ScopeOf(set) != Scope::kConsumer) return {};
  return Bad(pointer + "/overridable", "no scope is narrower than a consumer's");
}

base::Result<void> CheckRateLimit(const v1::RateLimit& limit, const v1::PolicySet& set,
                                  const std::string& pointer) {
  if (limit.calls() < 1 || limit.calls() > kMaxCalls) {
    return Bad(pointer + "/calls", "must be from 1 to " + std::to_string(kMaxCalls));
  }
  if (limit.per_s() < 1 || limit.per_s() > kMaxWindowSeconds) {
    return Bad(pointer + "/per_s", "must be from 1 to " + std::to_string(kMaxWindowSeconds));
  }
  if (limit.weight() < 0 || limit.weight() > limit.calls()) {
    return Bad(pointer + "/weight", "must be from 1 to calls (" + std::to_string(limit.calls()) +
                                        "), or no call would ever pass");
  }
  if (auto ok = CheckOverridable(limit.overridable(), set, pointer); !ok) return ok;
  if (auto ok = ValidateLimitFields(limit.remaining_header(), limit.limit_header(), pointer); !ok)
    return ok;
  if (auto ok = CheckCondition(limit.when(), pointer + "/when"); !ok) return ok;
  if (limit.key().empty()) return {};
  if (auto key = Expression::Compile(limit.key()); !key)
    return Bad(pointer + "/key", key.error().message);
  return {};
}

base::Result<void> CheckAuthorize(const v1::Authorize& authorize, const v1::PolicySet& set,
                                  const std::string& pointer) {
  if (authorize.permit_if().empty() && authorize.deny_if().empty())
    return Bad(pointer, "needs permit_if or deny_if");
  if (auto ok = CheckCondition(authorize.permit_if(), pointer + "/permit_if"); !ok) return ok;
  if (auto ok = CheckCondition(authorize.deny_if(), pointer + "/deny_if"); !ok) return ok;
  if (authorize.message().size() > kMaxMessageBytes)
    return Bad(pointer + "/message", "longer than 500 bytes");
  return CheckOverridable(authorize.overridable(), set, pointer);
}

base::Result<void> CheckRule(const v1::Rule& rule, const v1::PolicySet& set,
                             const std::string& pointer) {
  if (!IsLabel(rule.id())) return Bad(pointer + "/id", "must match [a-z0-9][a-z0-9-]{0,62}");
  if (auto ok = CheckSelector(rule.select(), pointer + "/select"); !ok) return ok;
  switch (rule.policy_case()) {
    case v1::Rule::kIp:
    case v1::Rule::kAuthenticate:
      if (rule.has_select()) {
        return Bad(pointer + "/select",
                   "ip and authenticate act before the body is read, so they cannot select");
      }
      return rule.has_ip() ? CheckIp(rule.ip(), pointer + "/ip")
                           : CheckAuthenticate(rule.authenticate(), set, pointer + "/authenticate");
    case v1::Rule::kRateLimit:
      return CheckRateLimit(rule.rate_limit(), set, pointer + "/rate_limit");
    case v1::Rule::kRecord: return ValidateRecord(rule.record(), pointer + "/record");
    case v1::Rule::kInspect: return ValidateInspect(rule.inspect(), pointer + "/inspect");
    case v1::Rule::kAuthorize: return CheckAuthorize(rule.authorize(), set, pointer + "/authorize");
    case v1::Rule::kValidate:
    case v1::Rule::kMock:
    case v1::Rule::kCache: return CheckAnswerRule(rule, pointer);
    case v1::Rule::kQuota: return ValidateQuota(rule.quota(), pointer + "/quota");
    case v1::Rule::kConcurrency:
      return ValidateConcurrency(rule.concurrency(), pointer + "/concurrency");
    case v1::Rule::kUpstream: return ValidateUpstream(rule.upstream(), pointer + "/upstream");
    case v1::Rule::kTrace:
    case v1::Rule::POLICY_NOT_SET: break;
  }
  return Bad(pointer,
             "must hold one policy: ip, authenticate, authorize, validate, rate_limit, quota, "
             "concurrency, inspect, mock, cache, upstream or record");
}

}  // namespace

base::Result<void> Validate(const v1::PolicySet& set) {
  if (auto ok = CheckAttachment(set); !ok) return ok;
  if (!v1::Mode::Value_IsValid(set.mode())) return Bad("/spec/mode", "must be ENFORCE or OBSERVE");
  if (!v1::ErrorStyle::Value_IsValid(set.errors()))
    return Bad("/spec/errors", "must be MCP, HTTP or AZURE");
  if (set.rules_size() > kMaxRules) {
    return Bad("/spec/rules", "more than " + std::to_string(kMaxRules) + " rules");
  }
  std::set<std::string_view> ids;
  for (int i = 0; i < set.rules_size(); ++i) {
    const std::string pointer = "/spec/rules/" + std::to_string(i);
    if (auto ok = CheckRule(set.rules(i), set, pointer); !ok) return ok;
    if (!ids.insert(set.rules(i).id()).second) {
      return Bad(pointer + "/id", "'" + set.rules(i).id() + "' stands on an earlier rule already");
    }
  }
  return {};
}

}  // namespace policy
