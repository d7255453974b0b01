#include "mcp/legacy/parked_calls.h"

#include "base/auth/api_key.h"

namespace mcp::legacy {
namespace {

// prefix base64url( sealed: id(16) round(8) expiry in ms(8) )
constexpr std::string_view kPrefix = "ptl1.";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kPlainBytes = kIdBytes + 16;
constexpr std::size_t kMaxStateBytes = 1024;

std::string Number(std::uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
  return out;
}

std::uint64_t ReadNumber(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

ParkedCalls::ParkedCalls(const base::Clock& clock, Limits limits)
    : clock_(clock), limits_(limits), key_ring_({base::auth::RandomBytes(32)}) {}

void ParkedCalls::SetKeyRing(std::vector<std::string> key_ring) {
  const std::lock_guard lock(mutex_);
  key_ring_ = std::move(key_ring);
  ring_version_.fetch_add(1, std::memory_order_release);
}

bool ParkedCalls::Add(std::shared_ptr<RunningCall> call) {
  const std::lock_guard lock(mutex_);
  if (calls_.size() >= limits_.total) return false;
  std::size_t& count = per_principal_[call->principal_id()];
  if (count >= limits_.per_principal) return false;
  ++count;
  const std::string& id = call->id();
  calls_.emplace(id, std::move(call));
  return true;
}

void ParkedCalls::Remove(const std::string& id) {
  std::shared_ptr<RunningCall> removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  removed = std::move(found->second);
  calls_.erase(found);
  const auto count = per_principal_.find(removed->principal_id());
  if (--count->second == 0) per_principal_.erase(count);
}

std::shared_ptr<RunningCall> ParkedCalls::Find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second;
}

bool ParkedCalls::EndAll(const base::Loop& home) {
  std::vector<std::shared_ptr<RunningCall>> ending;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [_, call] : calls_) {
      if (&call->home() == &home) ending.push_back(call);
    }
  }
  for (const auto& call : ending) call->Cancel();
  return ending.empty();
}

ParkedCalls::Sealer::Sealer(const ParkedCalls& calls, std::string scope)
    : calls_(calls), scope_(std::move(scope)), keys_({}) {}

base::auth::Aead& ParkedCalls::Sealer::Keys() {
  if (ring_version_ != calls_.ring_version_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(calls_.mutex_);
    ring_version_ = calls_.ring_version_;
    keys_ = base::auth::Aead(calls_.key_ring_);
  }
  return keys_;
}

bool ParkedCalls::Sealer::IsOurs(std::string_view state) { return state.starts_with(kPrefix); }

// Each part with its length, so that no two calls have the same.
std::string ParkedCalls::Sealer::ContextOf(const Call& call) const {
  // What the same keys seal besides is not taken for it.
  std::string context = "portolan request state";
  for (const std::string_view part :
       {std::string_view(call.principal.id), std::string_view(scope_), call.method, call.item}) {
    context.append(Number(part.size())).append(part);
  }
  return context;
}

std::string ParkedCalls::Sealer::Seal(const Call& call, const std::string& id,
                                      std::uint64_t round) {
  const auto expires =
      static_cast<std::uint64_t>(calls_.clock_.UnixMillis() + RunningCall::kLife.count());
  const std::string plain = id + Number(round) + Number(expires);
  return std::string(kPrefix) + base::auth::Base64UrlEncode(Keys().Seal(plain, ContextOf(call)));
}

std::optional<ParkedCalls::Sealer::Opened> ParkedCalls::Sealer::Open(const Call& call,
                                                                     std::string_view state) {
  if (!IsOurs(state) || state.size() > kMaxStateBytes) return std::nullopt;
  const auto sealed = base::auth::Base64UrlDecode(state.substr(kPrefix.size()));
  if (!sealed) return std::nullopt;
  const auto plain = Keys().Open(*sealed, ContextOf(call));
  if (!plain || plain->size() != kPlainBytes) return std::nullopt;
  const std::string_view numbers = std::string_view(*plain).substr(kIdBytes);
  if (ReadNumber(numbers.substr(8)) <= static_cast<std::uint64_t>(calls_.clock_.UnixMillis())) {
    return std::nullopt;
  }
  return Opened{plain->substr(0, kIdBytes), ReadNumber(numbers)};
}

}  // namespace mcp::legacy
