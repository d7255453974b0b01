#include "base/renewal.h"

#include "base/log.h"

namespace base {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

}  // namespace

Result<Renewal> Renewal::Open(http::ServerTls files) {
  Renewal renewal;
  if (files.empty()) return renewal;
  auto opened = http::TlsFiles::Open(std::move(files));
  if (!opened) return opened.error().WithContext("--tls-cert");
  renewal.tls_.emplace(std::move(*opened));
  return renewal;
}

void Renewal::Look() {
  const auto now = std::chrono::steady_clock::now();
  if (now < look_again_) return;
  look_again_ = now + kLookEvery;
  Renew(http::TlsFiles::When::kChanged);
}

void Renewal::Reload() {
  Renew(http::TlsFiles::When::kAsked);
  const auto level = outlets_.settings();
  if (!level) return spdlog::error("SIGHUP: the settings in force stay: {}", level.error().message);
  SetLogLevel(*level);
  spdlog::info("SIGHUP: certificate and settings read again");
}

void Renewal::Renew(http::TlsFiles::When when) {
  if (!tls_) return;
  const auto renewed = tls_->Renew(when);
  if (!renewed) return spdlog::error("the certificate in force stays: {}", renewed.error().message);
  if (!*renewed) return;
  outlets_.certificate(tls_->context());
  spdlog::info("certificate read again: {}", tls_->files().certificate_file);
}

}  // namespace base
