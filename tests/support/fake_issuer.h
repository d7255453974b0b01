// A FakeIssuer is an OpenID provider on loopback, over TLS when it is given a certificate: discovery, a key set, and
// tokens. It can hang, lie and change its keys, and counts how often its keys are fetched.
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <string>

#include "tests/base/http/test_server.h"
#include "tests/support/token_signer.h"

namespace support {

class FakeIssuer {
 public:
  explicit FakeIssuer(const base::http::ServerTls& tls = {})
      : scheme_(tls.empty() ? "http" : "https"),
        server_([this](base::http::Exchange& exchange) { return Serve(exchange); }, {}, tls) {
    Rotate("k1");
  }
  ~FakeIssuer() {
    server_.thread().Do([this] { over_.Request(); });
  }

  std::string url() const { return scheme_ + "://127.0.0.1:" + std::to_string(server_.port()); }
  int key_fetches() const { return key_fetches_; }

  // A new key instead of the old one.
  void Rotate(const std::string& key_id) {
    signer_ = std::make_unique<TokenSigner>("ES256", key_id);
    const nlohmann::json keys = {{"keys", {signer_->Jwk()}}};
    Say("/.well-known/openid-configuration",
        nlohmann::json{{"issuer", url()}, {"jwks_uri", url() + "/keys"}}.dump());
    Say("/keys", keys.dump());
  }
  // What is answered at a path from now on.
  void Say(const std::string& path, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answers_[path] = body;
  }
  // From now on it takes requests and never answers.
  void Hang() { hangs_ = true; }

  const TokenSigner& signer() const { return *signer_; }
  // Right in everything that `more` does not say otherwise.
  nlohmann::json Claims(const nlohmann::json& more = nlohmann::json::object()) const {
    const std::int64_t now = std::time(nullptr);
    nlohmann::json claims = {
        {"iss", url()}, {"aud", "portolan"}, {"sub", "ann"}, {"exp", now + 300}, {"iat", now}};
    claims.update(more);
    return claims;
  }
  std::string Token(const nlohmann::json& more = nlohmann::json::object()) const {
    return signer_->Sign(Claims(more));
  }

 private:
  base::Task<void> Serve(base::http::Exchange& exchange) {
    const std::string path(exchange.head().target);
    if (path == "/keys") ++key_fetches_;
    std::string body;
    int status = 404;
    if (!hangs_) {
      const std::lock_guard lock(mutex_);
      const auto found = answers_.find(path);
      if (found != answers_.end()) {
        status = 200;
        body = found->second;
      }
    }
    if (hangs_) {
      const bool answered = co_await server_.loop().timers.Sleep(std::chrono::hours(1), over_);
      static_cast<void>(answered);
    }
    base::Result<void> ignored = co_await exchange.Respond(status, {}, std::string_view(body));
  }

  const std::string scheme_;
  base::CancelSignal over_;  // on the server's loop
  std::mutex mutex_;
  std::map<std::string, std::string> answers_;  // under mutex_
  std::atomic<int> key_fetches_{0};
  std::atomic<bool> hangs_{false};
  std::unique_ptr<TokenSigner> signer_;
  test_support::TestServer server_;
};

}  // namespace support
