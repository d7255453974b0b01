// A small authorization server (OAuth 2.1 with PKCE, dynamic registration, resource indicators) that says yes to whoever asks
// properly: its tokens are JWTs for the resource that was named. It refuses what a real one would, and remembers what it was
// asked.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export class AuthorizationServer {
  // What was asked, in order: { path, parameters }.
  asked = [];
  #clients = new Map();
  #codes = new Map();
  #refresh = new Map();
  #key = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  static async start() {
    const server = new AuthorizationServer();
    server.http = createServer((request, response) => server.#serve(request, response).catch((error) => server.#answer(response, 500, { error: String(error) })));
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    server.issuer = `http://127.0.0.1:${server.http.address().port}`;
    return server;
  }
  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }

  // An access token; what `claims` say is put over what is right.
  token(claims) {
    const now = Math.floor(Date.now() / 1000);
    const signed = `${base64url({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })}.${base64url({ iss: this.issuer, sub: 'ann', iat: now, exp: now + 600, jti: randomUUID(), ...claims })}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  #answer(response, status, body, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
    response.end(JSON.stringify(body));
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.issuer);
    let body = '';
    for await (const chunk of request) body += chunk;
    const parameters = request.method === 'GET' ? url.searchParams : new URLSearchParams(body);
    if (url.pathname !== '/register') this.asked.push({ path: url.pathname, parameters: Object.fromEntries(parameters) });
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /.well-known/oauth-authorization-server':
      case 'GET /.well-known/openid-configuration': return this.#answer(response, 200, this.#metadata());
      case 'GET /keys': return this.#answer(response, 200, { keys: [{ ...this.#key.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'ES256' }] });
      case 'POST /register': return this.#register(response, JSON.parse(body));
      case 'GET /authorize': return this.#authorize(response, parameters);
      case 'POST /token': return this.#token(response, parameters);
      default: return this.#answer(response, 404, { error: 'not_found' });
    }
  }

  #metadata() {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      registration_endpoint: `${this.issuer}/register`,
      jwks_uri: `${this.issuer}/keys`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    };
  }

  #register(response, metadata) {
    const client = { ...metadata, client_id: randomUUID(), client_id_issued_at: Math.floor(Date.now() / 1000), token_endpoint_auth_method: 'none' };
    this.#clients.set(client.client_id, client);
    this.#answer(response, 201, client);
  }

  // The person agrees at once.
  #authorize(response, asked) {
    const client = this.#clients.get(asked.get('client_id'));
    if (!client?.redirect_uris.includes(asked.get('redirect_uri'))) return this.#answer(response, 400, { error: 'invalid_request' });
    const good = asked.get('response_type') === 'code' && asked.get('code_challenge_method') === 'S256' && asked.get('resource');
    if (!good) return this.#answer(response, 400, { error: 'invalid_request', error_description: 'code, S256 and a resource are needed' });
    const code = randomUUID();
    this.#codes.set(code, Object.fromEntries(asked));
    const back = new URL(asked.get('redirect_uri'));
    back.searchParams.set('code', code);
    back.searchParams.set('iss', this.issuer);
    if (asked.has('state')) back.searchParams.set('state', asked.get('state'));
    response.writeHead(302, { location: back.href }).end();
  }

  #token(response, asked) {
    const grant = asked.get('grant_type') === 'refresh_token' ? this.#refresh.get(asked.get('refresh_token')) : this.#redeem(asked);
    if (!grant) return this.#answer(response, 400, { error: 'invalid_grant' });
    const refresh = randomUUID();
    this.#refresh.set(refresh, grant);
    const token = this.token({ aud: grant.resource, scope: grant.scope ?? '', client_id: grant.client_id });
    this.#answer(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 600, refresh_token: refresh, scope: grant.scope ?? '' });
  }

  #redeem(asked) {
    const grant = this.#codes.get(asked.get('code'));
    this.#codes.delete(asked.get('code'));
    const challenge = createHash('sha256').update(asked.get('code_verifier') ?? '').digest('base64url');
    const fits = grant && challenge === grant.code_challenge && asked.get('redirect_uri') === grant.redirect_uri && asked.get('client_id') === grant.client_id;
    return fits ? grant : undefined;
  }
}

// Where a person's browser ends up, with what it brings back to the client.
export async function agree(authorizationUrl) {
  const response = await fetch(authorizationUrl, { redirect: 'manual' });
  if (response.status !== 302) throw new Error(`no consent: ${response.status} ${await response.text()}`);
  return new URL(response.headers.get('location'));
}
