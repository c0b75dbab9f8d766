/**
 * An account's credentials from CIELO24_API_TOKEN, or CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, in the form
 * of the secret; undefined if there are none.
 */
export const readCredentials = (
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined => {
  const { CIELO24_API_TOKEN: token, CIELO24_USERNAME: username } = env;
  const { CIELO24_SECUREKEY: securekey, CIELO24_PASSWORD: password } = env;
  if (token) return { api_token: token };
  if (username && securekey) return { username, securekey };
  return username && password ? { username, password } : undefined;
};
