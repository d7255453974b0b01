#include "gateway/state/upstream_tokens.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/auth/api_key.h"
#include "base/auth/jwks.h"
#include "base/auth/oauth.h"
#include "base/doorbell.h"
#include "base/http/client_certificate.h"
#include "base/log.h"
#include "gateway/state/secret_value.h"
#include "policy/credential.h"

namespace gateway::state {

namespace v1 = portolan::v1;
using base::Code;
using base::TimePoint;
using base::auth::FormParameters;

namespace {

constexpr std::size_t kMaxAnswerBytes = 256 * 1024;
// Who waits for a fetch waits a little longer than it may take.
constexpr std::chrono::milliseconds kPatience =
    UpstreamTokens::kFetchWithin + std::chrono::milliseconds(1'000);
constexpr std::chrono::seconds kBetweenFailures{5};
constexpr std::chrono::minutes kUnknownLife{5};
constexpr std::chrono::hours kMetadataFresh{1};
// A token is not shown when it may end on its way.
constexpr std::chrono::seconds kMargin{5};

constexpr std::string_view kTypes = "urn:ietf:params:oauth:token-type:";

// The end of a thing is asked for by whoever waited too long for it.
void End(void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); }

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& scopes) {
  std::string out;
  for (const std::string& scope : scopes) {
    if (!out.empty()) out += ' ';
    out += scope;
  }
  return out;
}

const v1::OAuthClient* ClientOf(const v1::Credential& spec) {
  if (spec.has_oauth_client_credentials()) return &spec.oauth_client_credentials().client();
  if (spec.has_token_exchange()) return &spec.token_exchange().client();
  return nullptr;
}

const v1::Secret& SecretOf(const v1::Credential& spec) {
  if (spec.has_header()) return spec.header().secret();
  if (spec.has_basic()) return spec.basic().password();
  if (spec.has_client_certificate()) return spec.client_certificate().private_key_pem();
  const v1::OAuthClient* client = ClientOf(spec);
  return client ? client->client_secret() : v1::Secret::default_instance();
}

}  // namespace

std::shared_ptr<const mcp::UpstreamTerms> WithShown(
    const std::shared_ptr<const mcp::UpstreamTerms>& terms, const Shown& shown) {
  auto with =
      terms ? std::make_shared<mcp::UpstreamTerms>(*terms) : std::make_shared<mcp::UpstreamTerms>();
  with->credential = shown.lines;
  with->credential_key = shown.key;
  if (shown.tls) with->tls = shown.tls;
  return with;
}

struct UpstreamTokens::State : std::enable_shared_from_this<UpstreamTokens::State> {
  struct Token {
    std::string value;
    TimePoint renew_at;
    TimePoint until;
    std::uint64_t number = 0;
    Pointer shown;
  };
  // One token and who waits for it.
  struct Slot {
    std::optional<Token> token;
    bool fetching = false;
    std::optional<base::Error> failure;
    TimePoint failed_at{};
    std::vector<base::Doorbell*> bells;
  };
  using Slots = std::map<std::string, std::shared_ptr<Slot>, std::less<>>;

  // A credential as it was written.
  struct Live {
    Live(std::string of, const v1::Credential& as, const std::filesystem::path& folder)
        : name(std::move(of)), spec(as), secret(SecretOf(as), folder) {}

    const std::string name;
    const v1::Credential spec;
    SecretValue secret;

    // Under the state's mutex
    Slots slots;
    // What a secret that may change was last shown as.
    std::shared_ptr<const std::string> shown_secret;
    Pointer shown;
    std::optional<base::http::Url> endpoint;
    TimePoint endpoint_until{};
  };
  using Live_ = std::shared_ptr<Live>;

  // One fetch: what it is for. Owns its text, since the call may be gone.
  struct Job {
    std::string key;
    std::string resource;
    std::string principal;
    std::string subject_token;
  };

  explicit State(const base::Clock& at) : clock(at) {}

  Live_ Find(std::string_view name) const {
    const std::lock_guard lock(mutex);
    const auto found = credentials.find(name);
    return found == credentials.end() ? nullptr : found->second;
  }

  // ---- What does not come from a token

  base::Result<Pointer> ShowSecret(Live& live) {
    const auto secret = live.secret.Read();
    if (secret.has_error()) return secret.error().WithContext("credential '" + live.name + "'");
    const std::lock_guard lock(mutex);
    if (live.shown && live.shown_secret == *secret) return live.shown;
    auto shown = std::make_shared<Shown>();
    shown->credential = shown->key = live.name;
    if (live.spec.has_basic()) {
      shown->lines.push_back({"Authorization", base::auth::BasicAuthorization(
                                                   live.spec.basic().username(), **secret)});
    } else if (live.spec.has_client_certificate()) {
      auto tls = base::http::ShowingCertificate(live.spec.client_certificate().certificate_pem(),
                                                **secret);
      if (tls.has_error()) return tls.error().WithContext("credential '" + live.name + "'");
      shown->tls = *std::move(tls);
    } else if (live.spec.has_header()) {
      const v1::HeaderCredential& header = live.spec.header();
      const std::string& name = header.name().empty() ? "Authorization" : header.name();
      shown->lines.push_back({name, header.prefix() + **secret});
      const std::string& value = shown->lines.back().value;
      // A file or a variable was not looked at when the credential was written.
      if (std::any_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
        return base::Fail(
            Code::kFailedPrecondition,
            "credential '" + live.name + "': its secret holds what may not stand in a header line");
      }
    }
    if (shown->lines.empty() && !shown->tls)
      return base::Fail(Code::kFailedPrecondition, "this gateway does not know its kind");
    live.shown_secret = *secret;
    live.shown = std::move(shown);
    return live.shown;
  }

  // ---- Tokens

  static std::string KeyOf(const Demand& demand, bool per_caller) {
    std::string key(demand.resource);
    if (!per_caller) return key;
    // By the token, not by whom it proves: what another token of theirs allows is another matter.
    return key + "\n" + base::auth::Sha256(demand.subject_token);
  }

  static Job JobFor(const Demand& demand, std::string key) {
    return {std::move(key), std::string(demand.resource), std::string(demand.principal),
            std::string(demand.subject_token)};
  }

  // Under mutex. What is there and good, else null; sets out for a new one ahead of need.
  Pointer GoodNow(const Live_& live, const std::shared_ptr<Slot>& slot, const Demand& demand,
                  const std::string& key) {
    const TimePoint now = clock.Now();
    if (!slot->token || now >= slot->token->until) return nullptr;
    if (now >= slot->token->renew_at && MayFetch(*slot, now))
      SetOut(live, slot, JobFor(demand, key));
    return slot->token->shown;
  }

  static bool MayFetch(const Slot& slot, TimePoint now) {
    return !slot.fetching && (!slot.failure || now - slot.failed_at >= kBetweenFailures);
  }

  // Under mutex.
  std::shared_ptr<Slot> SlotOf(Live& live, const std::string& key) {
    if (const auto found = live.slots.find(key); found != live.slots.end()) return found->second;
    if (live.slots.size() >= kMaxTokens) MakeRoom(live.slots);
    return live.slots.emplace(key, std::make_shared<Slot>()).first->second;
  }

  void MakeRoom(Slots& slots) const {
    const TimePoint now = clock.Now();
    std::erase_if(slots, [&](const auto& entry) {
      const Slot& slot = *entry.second;
      return !slot.fetching && (!slot.token || slot.token->until <= now);
    });
    if (slots.size() < kMaxTokens) return;
    const auto idle = std::find_if(slots.begin(), slots.end(),
                                   [](const auto& entry) { return !entry.second->fetching; });
    if (idle != slots.end()) slots.erase(idle);
  }

  // Under mutex.
  void SetOut(const Live_& live, const std::shared_ptr<Slot>& slot, Job job) {
    if (!loop || stopped) {
      slot->failure = base::Fail(Code::kUnavailable, "this gateway is not fetching tokens");
      slot->failed_at = clock.Now();
      return;
    }
    slot->fetching = true;
    loop->Post([self = shared_from_this(), live, slot, job = std::move(job)]() mutable {
      base::Spawn(Run(self, live, slot, std::move(job)));
    });
  }

  static base::Task<> Run(std::shared_ptr<State> self, Live_ live, std::shared_ptr<Slot> slot,
                          Job job) {
    base::CancelSignal signal;
    base::Timers::Timer deadline;
    self->loop->timers.Arm(deadline, kFetchWithin, End, &signal);
    self->under_way.insert(&signal);
    base::Result<base::auth::AccessToken> fetched = co_await self->Fetch(*live, job, signal);
    self->under_way.erase(&signal);
    if (fetched.has_error() && signal.requested())
      fetched = base::Fail(Code::kDeadlineExceeded, "the authorization server took too long");
    self->Land(*live, *slot, job, std::move(fetched));
  }

  void Land(const Live& live, Slot& slot, const Job& job,
            base::Result<base::auth::AccessToken> fetched) {
    if (fetched.has_error())
      spdlog::warn("credential={} no token: {}", live.name, fetched.error().message);
    const std::lock_guard lock(mutex);
    slot.fetching = false;
    if (fetched.has_error()) {
      slot.failure = fetched.error();
      slot.failed_at = clock.Now();
    } else {
      slot.failure.reset();
      slot.token = TokenOf(live, job, *std::move(fetched));
    }
    for (base::Doorbell* bell : slot.bells) bell->Ring();
  }

  // Under mutex.
  Token TokenOf(const Live& live, const Job& job, base::auth::AccessToken got) {
    const std::chrono::seconds life =
        got.expires_in_s > 0 ? std::chrono::seconds(got.expires_in_s) : kUnknownLife;
    Token token;
    token.number = ++last_number;
    const TimePoint now = clock.Now();
    token.until = now + std::max(life - kMargin, std::chrono::seconds(1));
    // Ahead of its end by a tenth of its life, a minute at most.
    token.renew_at =
        now + life -
        std::min<std::chrono::seconds>(life / 10 + kMargin * 2, std::chrono::seconds(60));
    auto shown = std::make_shared<Shown>();
    shown->credential = shown->key = live.name;
    // Of one caller: part of the key of whatever the server keeps for them.
    if (policy::IsPerCaller(live.spec)) shown->key += "/" + job.principal;
    shown->lines.push_back({"Authorization", "Bearer " + got.value});
    shown->token_number = token.number;
    shown->token_key = job.key;
    token.shown = std::move(shown);
    token.value = std::move(got.value);
    return token;
  }

  // ---- On the loop

  base::Task<base::Result<base::auth::AccessToken>> Fetch(Live& live, const Job& job,
                                                          base::CancelSignal& signal) {
    const base::Result<base::auth::OAuthClient> own = OwnClient(live);
    if (own.has_error()) co_return own.error();
    base::Result<FormParameters> parameters = ParametersOf(live.spec, job);
    if (parameters.has_error()) co_return parameters.error();
    if (!live.spec.token_exchange().actor_credential().empty()) {
      const base::Result<std::string> actor = co_await ActorToken(live, job, signal);
      if (actor.has_error()) co_return actor.error();
      parameters->emplace_back("actor_token", *actor);
      parameters->emplace_back("actor_token_type", std::string(kTypes) + "access_token");
    }
    const base::Result<base::http::Url> endpoint = co_await EndpointOf(live, signal);
    if (endpoint.has_error()) co_return endpoint.error();
    const base::auth::TokenRequest asked =
        base::auth::MakeTokenRequest(*own, *std::move(parameters));
    std::vector<base::http::Field> fields = {{"Content-Type", "application/x-www-form-urlencoded"},
                                             {"Accept", "application/json"},
                                             {"User-Agent", "portolan"}};
    if (!asked.authorization.empty()) fields.push_back({"Authorization", asked.authorization});
    const std::string_view body[] = {asked.body};
    base::http::Client::Request request;
    request.fields = fields;
    request.body = body;
    request.cancel = &signal;
    int status = 0;
    const base::Result<std::string> answer = co_await Exchange(*endpoint, request, status);
    if (answer.has_error()) co_return answer.error();
    co_return base::auth::ReadTokenAnswer(status, *answer);
  }

  base::Task<base::Result<std::string>> Exchange(const base::http::Url& url,
                                                 const base::http::Client::Request& request,
                                                 int& status) {
    auto sent = co_await client->Send(url, request);
    if (!sent) co_return sent.error().error.WithContext(url.authority());
    status = (*sent)->head().status;
    const base::Result<std::string_view> body = co_await (*sent)->ReadBody(kMaxAnswerBytes);
    if (body.has_error()) co_return body.error().WithContext("the answer of " + url.authority());
    co_return std::string(*body);
  }

  base::Result<base::auth::OAuthClient> OwnClient(Live& live) const {
    const v1::OAuthClient& oauth = *ClientOf(live.spec);
    base::auth::OAuthClient own;
    own.id = oauth.client_id();
    own.proof = oauth.auth() == v1::OAuthClientAuth::POST ? base::auth::ClientProof::kPost
                                                          : base::auth::ClientProof::kBasic;
    if (!oauth.has_client_secret()) return own;
    const auto secret = live.secret.Read();
    if (secret.has_error()) return secret.error();
    own.secret = **secret;
    return own;
  }

  template <class Grant>
  static void AddCommon(const Grant& grant, const Job& job, FormParameters& out) {
    if (const std::string scope = Joined(grant.scopes()); !scope.empty())
      out.emplace_back("scope", scope);
    // Where an audience is named, that is what the token is for.
    const std::string& resource =
        grant.resource().empty() && grant.audience().empty() ? job.resource : grant.resource();
    if (!resource.empty()) out.emplace_back("resource", resource);
    if (!grant.audience().empty()) out.emplace_back("audience", grant.audience());
    for (const v1::NameValue& parameter : grant.parameters())
      out.emplace_back(parameter.name(), parameter.value());
  }

  static base::Result<FormParameters> ParametersOf(const v1::Credential& spec, const Job& job) {
    FormParameters parameters;
    if (spec.has_oauth_client_credentials()) {
      parameters.emplace_back("grant_type", "client_credentials");
      AddCommon(spec.oauth_client_credentials(), job, parameters);
      return parameters;
    }
    const v1::TokenExchange& exchange = spec.token_exchange();
    parameters.emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
    parameters.emplace_back("subject_token", job.subject_token);
    parameters.emplace_back("subject_token_type", exchange.subject_token_type().empty()
                                                      ? std::string(kTypes) + "jwt"
                                                      : exchange.subject_token_type());
    parameters.emplace_back("requested_token_type", exchange.requested_token_type().empty()
                                                        ? std::string(kTypes) + "access_token"
                                                        : exchange.requested_token_type());
    AddCommon(exchange, job, parameters);
    return parameters;
  }

  base::Task<base::Result<std::string>> ActorToken(const Live& live, const Job& job,
                                                   base::CancelSignal& signal) {
    const std::string& name = live.spec.token_exchange().actor_credential();
    const Live_ actor = Find(name);
    if (!actor || !actor->spec.has_oauth_client_credentials()) {
      co_return base::Fail(Code::kFailedPrecondition,
                           "its actor_credential '" + name + "' is no oauth_client_credentials");
    }
    Demand demand;
    demand.credential = name;
    demand.resource = job.resource;
    const base::Result<Token> token = co_await Await(actor, demand, *loop, signal);
    if (token.has_error()) co_return token.error().WithContext("its actor");
    co_return token->value;
  }

  base::Task<base::Result<base::http::Url>> EndpointOf(Live& live, base::CancelSignal& signal) {
    const v1::OAuthClient& oauth = *ClientOf(live.spec);
    if (!oauth.token_url().empty()) co_return base::auth::KeyUrl(oauth.token_url());
    {
      const std::lock_guard lock(mutex);
      if (live.endpoint && clock.Now() < live.endpoint_until) co_return *live.endpoint;
    }
    base::Result<base::http::Url> found =
        base::Fail(Code::kUnavailable, "the authorization server has no metadata");
    for (const std::string& place : base::auth::MetadataUrls(oauth.issuer())) {
      const base::Result<base::http::Url> url = base::auth::KeyUrl(place);
      if (url.has_error()) co_return url.error();
      const std::vector<base::http::Field> fields = {{"Accept", "application/json"},
                                                     {"User-Agent", "portolan"}};
      base::http::Client::Request request;
      request.method = "GET";
      request.fields = fields;
      request.cancel = &signal;
      int status = 0;
      const base::Result<std::string> document = co_await Exchange(*url, request, status);
      if (document.has_error()) co_return document.error();
      if (status != 200) continue;
      found = base::auth::ReadTokenEndpoint(*document, oauth.issuer());
      break;
    }
    if (found.has_value()) {
      const std::lock_guard lock(mutex);
      live.endpoint = *found;
      live.endpoint_until = clock.Now() + kMetadataFresh;
    }
    co_return found;
  }

  // ---- Whoever waits, on a loop of theirs

  base::Task<base::Result<Token>> Await(Live_ live, Demand demand, base::Loop& here,
                                        base::CancelSignal& cancel) {
    const std::string key = KeyOf(demand, policy::IsPerCaller(live->spec));
    base::Doorbell bell(here);
    std::shared_ptr<Slot> slot;
    {
      const std::lock_guard lock(mutex);
      slot = SlotOf(*live, key);
      if (GoodNow(live, slot, demand, key)) co_return *slot->token;
      if (MayFetch(*slot, clock.Now())) SetOut(live, slot, JobFor(demand, key));
      if (!slot->fetching) co_return *slot->failure;
      slot->bells.push_back(&bell);
    }
    const base::Doorbell::Woken woken = co_await bell.Wait(kPatience, cancel);
    const std::lock_guard lock(mutex);
    std::erase(slot->bells, &bell);
    if (woken == base::Doorbell::Woken::kCancelled)
      co_return base::Fail(Code::kCancelled, "cancelled");
    if (woken == base::Doorbell::Woken::kExpired)
      co_return base::Fail(Code::kDeadlineExceeded, "the authorization server took too long");
    if (slot->token && !slot->failure) co_return *slot->token;
    co_return slot->failure.value_or(base::Fail(Code::kUnavailable, "no token came"));
  }

  // Constant after FetchBy and ReadFilesOf
  const base::Clock& clock;
  base::Loop* loop = nullptr;
  base::http::Client* client = nullptr;
  std::filesystem::path folder;

  // On the loop
  std::set<base::CancelSignal*> under_way;

  mutable std::mutex mutex;
  // Under mutex
  bool stopped = false;
  std::map<std::string, Live_, std::less<>> credentials;
  std::uint64_t last_number = 0;
};

UpstreamTokens::UpstreamTokens(const base::Clock& clock) : state_(std::make_shared<State>(clock)) {}
UpstreamTokens::~UpstreamTokens() = default;

void UpstreamTokens::FetchBy(base::Loop& loop, base::http::Client& client) {
  state_->loop = &loop;
  state_->client = &client;
}

void UpstreamTokens::ReadFilesOf(std::filesystem::path folder) {
  state_->folder = std::move(folder);
}

base::Result<void> UpstreamTokens::Put(const std::string& name, const v1::Credential& credential) {
  auto live = std::make_shared<State::Live>(name, credential, state_->folder);
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->credentials.find(name);
  using google::protobuf::util::MessageDifferencer;
  if (known != state_->credentials.end() &&
      MessageDifferencer::Equals(known->second->spec, credential))
    return {};
  state_->credentials[name] = std::move(live);
  return {};
}

void UpstreamTokens::Remove(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->credentials.find(name);
  if (known != state_->credentials.end()) state_->credentials.erase(known);
}

void UpstreamTokens::Stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
  }
  for (base::CancelSignal* signal : std::set(state_->under_way)) signal->Request();
}

bool UpstreamTokens::IsPerCaller(std::string_view credential) const {
  const auto live = state_->Find(credential);
  return live && policy::IsPerCaller(live->spec);
}

std::optional<base::Result<UpstreamTokens::Pointer>> UpstreamTokens::ShowNow(const Demand& demand) {
  using Answer = base::Result<Pointer>;
  const auto live = state_->Find(demand.credential);
  if (!live) {
    return Answer(base::Fail(Code::kFailedPrecondition,
                             "there is no credential '" + std::string(demand.credential) + "'"));
  }
  const bool goes =
      std::all_of(demand.places.begin(), demand.places.end(), [&](const base::http::Url& place) {
        return policy::IsShownTo(live->spec, place.host, place.port, demand.without_hosts);
      });
  if (!goes) return Answer(Pointer());
  if (!ClientOf(live->spec)) return Answer(state_->ShowSecret(*live));
  if (live->spec.has_token_exchange() && demand.subject_token.empty()) {
    return Answer(
        base::Fail(Code::kUnauthenticated, "the caller showed no token of an identity provider"));
  }
  const std::string key = State::KeyOf(demand, policy::IsPerCaller(live->spec));
  const std::lock_guard lock(state_->mutex);
  const auto slot = live->slots.find(key);
  if (slot == live->slots.end()) return std::nullopt;
  Pointer good = state_->GoodNow(live, slot->second, demand, key);
  if (!good) return std::nullopt;
  return Answer(std::move(good));
}

base::Task<base::Result<UpstreamTokens::Pointer>> UpstreamTokens::Show(Demand demand,
                                                                       base::Loop& here,
                                                                       base::CancelSignal& cancel) {
  if (auto now = ShowNow(demand)) co_return *std::move(now);
  const auto live = state_->Find(demand.credential);
  if (!live) co_return base::Fail(Code::kFailedPrecondition, "the credential has gone");
  const base::Result<State::Token> token = co_await state_->Await(live, demand, here, cancel);
  if (token.has_error()) co_return token.error().WithContext("credential '" + live->name + "'");
  co_return token->shown;
}

bool UpstreamTokens::Refused(const Shown& shown) {
  if (shown.token_number == 0) return false;
  const auto live = state_->Find(shown.credential);
  if (!live) return false;
  const std::lock_guard lock(state_->mutex);
  const auto slot = live->slots.find(shown.token_key);
  // Somebody else has been refused it too, and there is another by now.
  if (slot == live->slots.end()) return true;
  if (slot->second->token && slot->second->token->number == shown.token_number)
    slot->second->token.reset();
  return true;
}

}  // namespace gateway::state
