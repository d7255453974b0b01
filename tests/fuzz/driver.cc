// Runs a fuzz target without libFuzzer, which GCC does not have: replays a corpus, then mutates it
// for a bounded number of inputs. The seed is fixed, so a failure comes again; PORTOLAN_FUZZ_SEED
// and PORTOLAN_FUZZ_RUNS change seed and length.
//
//   scan_fuzz CORPUS_FOLDER...
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMaxBytes = 4096;
constexpr std::chrono::milliseconds kMaxTime{1500};

// Bytes that mean something to one of the readers.
constexpr std::string_view kWords[] = {"\"",
                                       "\\",
                                       "\\u0061",
                                       "\\ud83d",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       ":",
                                       ",",
                                       "\r",
                                       "\n",
                                       "\r\n",
                                       "\r\n\r\n",
                                       "\n\n",
                                       "data: ",
                                       "event: ",
                                       "id: ",
                                       "retry: ",
                                       "\"jsonrpc\":\"2.0\"",
                                       "\"id\":",
                                       "\"method\":",
                                       "\"params\":",
                                       "\"_meta\":",
                                       "\"arguments\":",
                                       "null",
                                       "true",
                                       "-1",
                                       "1.5e3",
                                       "\xEF\xBB\xBF",
                                       "\xC3\xA9",
                                       "\xF0\x9F\x98\x80",
                                       "\xED\xA0\x80",
                                       "Content-Length: 5\r\n",
                                       "Transfer-Encoding: chunked\r\n",
                                       "HTTP/1.1",
                                       "POST /x HTTP/1.1\r\n",
                                       "Host: a\r\n",
                                       "\x00",
                                       "A",
                                       "kind: ",
                                       "  ",
                                       "- ",
                                       "&a ",
                                       "*a"};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string Mutate(std::string input, const std::vector<std::string>& corpus) {
    for (std::size_t changes = 1 + Below(4); changes > 0; --changes) Change(input, corpus);
    if (input.size() > kMaxBytes) input.resize(kMaxBytes);
    return input;
  }
  std::size_t Below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

 private:
  void Change(std::string& input, const std::vector<std::string>& corpus) {
    const std::size_t at = Below(input.size() + 1);
    switch (Below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      case 1: input.erase(at, 1 + Below(8)); break;
      case 2: input.insert(at, kWords[Below(std::size(kWords))]); break;
      case 3: input.insert(at, 1, static_cast<char>(Below(256))); break;
      case 4: input.insert(at, input.substr(Below(input.size() + 1), Below(64))); break;
      default: {
        const std::string& other = corpus[Below(corpus.size())];
        input = input.substr(0, at) + other.substr(Below(other.size() + 1));
      }
    }
  }
  std::mt19937_64 random_;
};

// The input being run, for the handler below.
const std::string* current_input = nullptr;

// Shows the input that broke something, in hex, so that it can go into the corpus.
void ShowInput(int) {
  std::fprintf(stderr, "input:");
  for (const char c : *current_input) std::fprintf(stderr, " %02x", static_cast<unsigned char>(c));
  std::fprintf(stderr, "\n");
}

void Run(const std::string& input) {
  current_input = &input;
  // Of exact size on the heap, so that reading past the end is seen.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::uint64_t Setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, ShowInput);
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream stream(file.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus given\n");
    return 2;
  }
  for (const std::string& input : corpus) Run(input);

  const std::uint64_t seed = Setting("PORTOLAN_FUZZ_SEED", 1);
  const std::uint64_t runs = Setting("PORTOLAN_FUZZ_RUNS", 0);
  std::printf("%zu inputs replayed; seed %llu\n", corpus.size(),
              static_cast<unsigned long long>(seed));
  Mutator mutator(seed);
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t run = 0;
  while (runs ? run < runs : run < 20'000 && std::chrono::steady_clock::now() - begin < kMaxTime) {
    Run(mutator.Mutate(corpus[mutator.Below(corpus.size())], corpus));
    ++run;
  }
  std::printf("%llu mutations\n", static_cast<unsigned long long>(run));
  return 0;
}
