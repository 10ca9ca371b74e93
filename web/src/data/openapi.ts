/** The types of docs/openapi.json. Made by `npm run generate`. */

export interface paths {
    "/.well-known/curfew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who this server is */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Discovery"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ok";
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether everything it needs works */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not-ready";
                            checks: {
                                database: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                clock: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                policy: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                engine: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                ledger: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                epoch: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                mail: {
                                    ok: boolean;
                                    detail?: string;
                                };
                            };
                        };
                    };
                };
                /** @description The answer. */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready" | "not-ready";
                            checks: {
                                database: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                clock: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                policy: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                engine: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                ledger: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                epoch: {
                                    ok: boolean;
                                    detail?: string;
                                };
                                mail: {
                                    ok: boolean;
                                    detail?: string;
                                };
                            };
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Numbers for Prometheus */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has power now
         * @description The latest start comes first. `nextCursor` is null on the last page. With `ids`, at most 100 of them with commas between: these as they are now, without those that are not there. What is over is shown to those whom it concerns, and to auditors and admins.
         */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                    ids?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Live"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes as they happen (server-sent events)
         * @description Events named `change` with data `{kind, id, at}`: read the thing itself to see it. `own: true` with it: you hold it, asked for it, are asked to decide it, or an order of the kill switch stops your access. `resync`: something was missed, read everything again. Everybody is told of what they may see, and a stream ends with its sign-in. A comment comes every 15 seconds. Whoever comes back with a `Last-Event-ID` gets a `resync` first. One person, or one address where nobody signs in, has ten streams at most.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who I am */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out here
         * @description Ends the sign-in that this request was made with, and takes the cookie back.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {boolean} */
                            signedOut: true;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/stops": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which orders stop my access now
         * @description Orders of the kill switch that keep access of mine, or some of it, from starting, oldest first. Who gave them and why is not said. The stream tells of each as `revocation` with `own`.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Stop"][];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where I am signed in */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Session"][];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of my sign-ins
         * @description It is refused from its next request on, wherever it is. Access that is under way is not touched.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {boolean} */
                            ended: true;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My passkeys */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Passkey"][];
                            /** @description I had one and have none: what takes a passkey, and registering another, takes a recovery first. */
                            needsRecovery: boolean;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Register the passkey that a browser made */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                        /** @description RegistrationResponseJSON of WebAuthn. */
                        response: {
                            id: string;
                            rawId: string;
                            /** @enum {string} */
                            type: "public-key";
                            clientExtensionResults: Record<string, never>;
                            response: {
                                clientDataJSON: string;
                                attestationObject: string;
                                transports?: string[];
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Passkey"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/step-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a passkey of mine has to sign before I may register another */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            options: components["schemas"]["RequestOptions"];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a browser needs to make a passkey */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        assertion?: {
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            options: components["schemas"]["CreationOptions"];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a passkey of mine */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Give a passkey of mine another name */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        name: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Passkey"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/v1/me/passkeys/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that I lost all my passkeys */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyRecovery"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Take that back */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/passkey-recoveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Recoveries that wait: my own, and those that I may confirm */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["PasskeyRecovery"][];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/passkey-recoveries/{id}/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a passkey has to sign to confirm this */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Signing"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/passkey-recoveries/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm that a colleague lost all passkeys */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description What was signed, exactly as it was given out. */
                        document: string;
                        /** @description AuthenticationResponseJSON of WebAuthn. */
                        response: {
                            id: string;
                            response: {
                                authenticatorData: string;
                                clientDataJSON: string;
                                signature: string;
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PasskeyRecovery"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Accounts that are mine
         * @description Each with how it was proven: an administrator wrote it into the directory, or its owner signed in there.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Account"][];
                            /** @description Where further accounts can be linked. */
                            readonly providers: components["schemas"]["AccountProvider"][];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Begin to link an account
         * @description For a page in a browser: send it to `url`, where its person proves the account by a fresh sign-in, and comes back to `return`. The cookie that comes with the answer belongs to this session. Takes an assertion by a passkey (`POST /v1/me/passkeys/step-up`) from whoever has one, and a sign-in of the last ten minutes from who never had one.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        provider: string;
                        return?: string;
                        assertion?: {
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            url: string;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take an account off me
         * @description It signs nobody in from then on. Another person who proves it is a conflict all the same.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {boolean} */
                            done: true;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/favourites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What I keep at hand */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: {
                                role: string;
                                target: string;
                            }[];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Keep something at hand */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        items: {
                            role: string;
                            target: string;
                        }[];
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: {
                                role: string;
                                target: string;
                            }[];
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/catalogue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search roles on targets
         * @description `order=best` (as it is unless told) gives one page, what fits best first. `order=name` gives all of it by role and target, page by page: pass `nextCursor` as `cursor`. A page may be shorter than `limit`, also empty, before the last one.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Words; or an ARN, or the words with which AWS refused something: then what would allow it. */
                    q?: string;
                    limit?: number;
                    order?: "best" | "name";
                    cursor?: string;
                    /** @description Only this one, by its whole name. */
                    role?: string;
                    /** @description Only this one, by its whole name. */
                    target?: string;
                    provider?: "aws" | "azure" | "gcp";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["CatalogueItem"][];
                            nextCursor: string | null;
                            total: number;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests: mine, waiting for me, or all that I may see */
        get: {
            parameters: {
                query?: {
                    scope?: "mine" | "waiting" | "all";
                    /** @description The id of a request: only those that its requester made before it, for one of its roles on its target. */
                    like?: string;
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Request"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Ask for access */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewRequest"];
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What would be decided */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewRequest"];
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Preview"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One request */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/circumstances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is true around it now
         * @description Who asks, what they hold already, and how many others hold the same: for whoever decides it.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Circumstances"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why it is as it is
         * @description The decision as it was made, the decision as the rules in force would make it, and what has happened.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Explanation"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What I am told by e-mail */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationSettings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /**
         * Choose what I am told by e-mail
         * @description All kinds at once. Requests are muted one by one: `POST /v1/requests/{id}/mute`.
         */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Whether I want to be told: what is to be decided, as somebody who can decide; the others as whoever asked or is concerned. */
                        kinds: {
                            waits: boolean;
                            escalated: boolean;
                            "decide-again": boolean;
                            approved: boolean;
                            denied: boolean;
                            lapsed: boolean;
                            withdrawn: boolean;
                            active: boolean;
                            "ending-soon": boolean;
                            extended: boolean;
                            "not-extended": boolean;
                            ended: boolean;
                            failed: boolean;
                            "not-gone": boolean;
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationSettings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Be told nothing more of a request */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationSettings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Be told of a request again */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationSettings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a passkey has to sign to approve this */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * @default approve
                         * @enum {string}
                         */
                        verdict?: "approve";
                        comment?: string;
                        /** @description The longest that I agree to, in milliseconds: what was asked, or less. */
                        durationMs?: number;
                        /** @description `rulesVersion` of the request as I saw it: where other rules are in force by now, the yes is refused (policy-changed). */
                        seen?: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Signing"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say yes; with a passkey where the tier asks for one */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        comment?: string;
                        /** @description The longest that I agree to, in milliseconds: what was asked, or less. */
                        durationMs?: number;
                        /** @description `rulesVersion` of the request as I saw it: where other rules are in force by now, the yes is refused (policy-changed). */
                        seen?: string;
                        assertion?: {
                            /** @description What was signed, exactly as it was given out. */
                            document: string;
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/deny": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say no, and why */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        comment: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/requests/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take my own request back */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Access: mine, mine that is not over, or all that I may list
         * @description `all` is everybody's, over or not, for auditors and admins; for everybody else it is `mine`.
         */
        get: {
            parameters: {
                query?: {
                    scope?: "mine" | "live" | "all";
                    role?: string;
                    target?: string;
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Grant"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One grant
         * @description While it lasts it is shown to everybody; then to those whom it concerns, and to auditors and admins.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give my access back */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take somebody's access away */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Grant"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask to keep my access for longer */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description By how much, from the end that it has now: `15m`, `1h30m`. */
                        duration: string;
                        reason?: string;
                        ticket?: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Request"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/extend/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What would be decided about keeping my access for longer
         * @description Also how far it can go at all: the latest end that the rules allow, and how often it may still be moved.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description By how much, from the end that it has now: `15m`, `1h30m`. */
                        duration: string;
                        reason?: string;
                        ticket?: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExtensionPreview"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Orders that stand, or all that I may see
         * @description `standing`: what stops access, is not all gone yet, or waits for a second person. Seen by whoever gave or confirmed an order, and by who answers for a role or a target; never by the person whom it is about.
         */
        get: {
            parameters: {
                query?: {
                    list?: "standing" | "all";
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["Revocation"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /**
         * End all access of a person, on a target, or of everybody
         * @description Name exactly one of `person`, `target` and `all`. What you may end alone ends at once and nothing of it starts again until the order is lifted; `all`, and what is beyond your reach, waits 15 minutes for a second person. Your own access always ends at once.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        person: string;
                        reason: string;
                    } | {
                        target: string;
                        reason: string;
                    } | {
                        /** @enum {boolean} */
                        all: true;
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Revocation"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/outlook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How much an order about a person would cover
         * @description For whoever may give it. Counts what is held under all entries of the directory that are the same human, as the order would. `ending`: how much of it is ending already. `entries`: under how many entries it is held.
         */
        get: {
            parameters: {
                query: {
                    person: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            grants: number;
                            ending: number;
                            entries: number;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far an order is: what is gone, what is left and why, and the time to zero */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Revocation"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an order as its second person
         * @description Widens it to everything in its scope. Never whoever gave it, nor the person whom it is about.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Revocation"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/revocations/{id}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let access within an order start again
         * @description What two people ordered is lifted once all of it has been told to end. Never by whom it is about, nor by somebody who holds or waits for access within it, unless they gave it and nobody confirmed it.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Revocation"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get credentials
         * @description Each call makes new credentials: nothing of the answer is kept, so an Idempotency-Key has no effect.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Credential"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/certificate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a certificate for a key of your own
         * @description For roles with method roles-anywhere: with the certificate and its key the holder makes AWS sessions (CreateSession) until the grant ends. Nothing of the answer is kept, so an Idempotency-Key has no effect.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Public key of the holder (P-256, P-384, P-521 or RSA of 2048 to 4096 bits), or a PKCS #10 request, in PEM. Never a private key. */
                        publicKey: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Certificate"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/grants/{id}/console": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a URL that signs a browser in to the cloud's console
         * @description The URL is a secret: nothing of the answer is kept, so an Idempotency-Key has no effect.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ConsoleUrl"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rules in force */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PolicyStatus"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether Curfew can do its work on the targets that I own
         * @description Tries every permission that Curfew needs there, and leaves nothing behind. Empty for whoever owns no target.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CloudFindings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search the log, newest first
         * @description Auditors and admins find everything; others what they did, what is about them, and what is about requests that they decide. Searches are entries themselves, the same one once an hour, and are found by `kind=ledger.read` alone.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Words of roles and targets (with all that is about requests for them), of kinds, and names of people; ids of requests, grants, people and orders; numbers of entries as #43. All must hold. */
                    q?: string;
                    /** @description grant.ended, or grant for all of its kinds. */
                    kind?: string;
                    /** @description Key of who did it, or whom it is about. */
                    person?: string;
                    request?: string;
                    grant?: string;
                    from?: string;
                    /** @description Not included. */
                    to?: string;
                    cursor?: number;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: components["schemas"]["AuditItem"][];
                            nextCursor: string | null;
                            /** @description The last entry that the newest checkpoint covers; null: none. It is not verified by saying so. */
                            signedTo: number | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Entries of the log
         * @description In full what concerns the caller and what everybody may know; number and leaf hash of the others, from which the log verifies as well. Auditors and admins read all of it.
         */
        get: {
            parameters: {
                query?: {
                    from?: number;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerEntries"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signed checkpoints */
        get: {
            parameters: {
                query?: {
                    from?: number;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: {
                                size: number;
                                note: string;
                            }[];
                            nextFrom: number | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest signed checkpoint, as a note */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/proof/{seq}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Proof that an entry is in the log */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    seq: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InclusionProof"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/personal/{seq}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Personal values of an entry, with the salts of its commitments */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    seq: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PersonalOpenings"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * States and ends that the log must explain
         * @description Of what the caller may read in the log. A page may be shorter than `limit` before the last one.
         */
        get: {
            parameters: {
                query?: {
                    after?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            readonly items: {
                                /** @enum {string} */
                                kind: "request" | "grant";
                                id: string;
                                state: string;
                                /** @description When the access of a grant ends or has ended. */
                                endsAt: string | null;
                            }[];
                            nextAfter: string | null;
                        };
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is an auditor or an admin, and which changes by admins wait for a second one
         * @description Holders are no secret. Proposals are shown to auditors and admins, and to whom they are about.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Administration"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Become the first admin, with the code that stands on the console of the broker
         * @description Once for each database. Five wrong codes void it; the next start prints another.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        code: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Administration"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Propose a change that no admin makes alone
         * @description `appoint` and `dismiss`: somebody gets a role, or loses it. `merge`: two persons are one human, so that what one approved for the other counts for nothing, and both together count once; `grants` says what becomes of live access that lacks an approval by that. `release`: an account passes on to another human. Another admin, none of those whom it is about, confirms it within 24 hours. A role is confirmed by whom it is about where there is no other admin. Nothing that was done is undone by itself. Takes an answer of a passkey to `/administration/proposals/challenge` from whoever has one, and a recovery first from whoever had one.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        action: "appoint" | "dismiss";
                        person: string;
                        /** @enum {string} */
                        role: "auditor" | "admin";
                        reason: string;
                        assertion?: {
                            /** @description What was signed, exactly as it was given out. */
                            document: string;
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    } | {
                        /** @enum {string} */
                        action: "merge";
                        person: string;
                        other: string;
                        /** @enum {string} */
                        grants: "end" | "keep";
                        reason: string;
                        assertion?: {
                            /** @description What was signed, exactly as it was given out. */
                            document: string;
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    } | {
                        /** @enum {string} */
                        action: "release";
                        account: string;
                        reason: string;
                        assertion?: {
                            /** @description What was signed, exactly as it was given out. */
                            document: string;
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Proposal"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/proposals/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What my passkey has to sign to propose this
         * @description Takes the same as the proposal, and proposes nothing. What is signed has the id that the proposal will have.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        action: "appoint" | "dismiss";
                        person: string;
                        /** @enum {string} */
                        role: "auditor" | "admin";
                        reason: string;
                    } | {
                        /** @enum {string} */
                        action: "merge";
                        person: string;
                        other: string;
                        /** @enum {string} */
                        grants: "end" | "keep";
                        reason: string;
                    } | {
                        /** @enum {string} */
                        action: "release";
                        account: string;
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Signing"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/proposals/{id}/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What my passkey has to sign to confirm this */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        seen?: string;
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Signing"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/proposals/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Carry a proposal out, as its second person
         * @description Takes an answer of a passkey to `challenge` from whoever has one, and a sign-in of the last ten minutes from who never had one. With `seen` it is a yes to what was shown: where the proposal would change something else by now, it is refused (proposal-changed). The answer says what it changed.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        seen?: string;
                        assertion?: {
                            /** @description What was signed, exactly as it was given out. */
                            document: string;
                            /** @description AuthenticationResponseJSON of WebAuthn. */
                            response: {
                                id: string;
                                response: {
                                    authenticatorData: string;
                                    clientDataJSON: string;
                                    signature: string;
                                };
                            };
                        };
                    };
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Proposal"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/administration/proposals/{id}/refuse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuse a proposal, or withdraw your own */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description Repeating a request with the same key gives the first answer again (Idempotency-Replayed: true), for a day. */
                    "Idempotency-Key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description The answer. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Proposal"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A problem (RFC 9457). */
                "5XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description PublicKeyCredentialRequestOptionsJSON of WebAuthn. */
        RequestOptions: {
            challenge: string;
            rpId: string;
            timeout: number;
            /** @constant */
            userVerification: "required";
            readonly allowCredentials: {
                id: string;
                /** @constant */
                type: "public-key";
                readonly transports: string[];
            }[];
        };
        /** @description PublicKeyCredentialCreationOptionsJSON of WebAuthn. */
        CreationOptions: {
            challenge: string;
        } & {
            [key: string]: unknown;
        };
        Signing: {
            /** @description Canonical JSON of what is signed; its SHA-256 is the challenge. */
            document: string;
            options: components["schemas"]["RequestOptions"];
            /** Format: date-time */
            expiresAt: string;
        };
        Person: {
            key: string;
            name: string;
        };
        Grant: {
            id: string;
            /** @enum {string} */
            status: "scheduled" | "activating" | "active" | "ending" | "ended" | "failed";
            request: string;
            role: string;
            target: string;
            /** @enum {number} */
            tier: 0 | 1 | 2 | 3;
            provider: string;
            method: string;
            person: components["schemas"]["Person"];
            duration: string;
            durationMs: number;
            /** Format: date-time */
            startsAt: string;
            activatedAt: string | null;
            usableAt: string | null;
            reissueAfter: string | null;
            endsAt: string | null;
            /** @description The latest end that was ever on its way into the cloud; later than endsAt when an extension was not confirmed. */
            boundUntil: string | null;
            /** @description The grant that this one is the only retry of. */
            retryOf: string | null;
            /** @description Whether it is tried once more when it is proven gone. */
            triesAgain: boolean;
            /** @description How often its end was moved to later. */
            extended: number;
            endedAt: string | null;
            cause: string | null;
            /** @description Why it may be said to be over; null: it is not. */
            proof: {
                /** @enum {string} */
                kind: "observed" | "by-construction" | "never-provisioned";
                /** Format: date-time */
                at: string;
                evidence: {
                    [key: string]: unknown;
                };
                /** @description Whether the access itself is gone. False in a shared place of the cloud where it was before, or where another grant needs it: only the grant is over. */
                gone: boolean;
                /** @description What the proof says, in a few words. */
                brief: string;
                /** @description What the proof says, in a sentence. */
                words: string;
                /** @description Until when another grant keeps the access; null: none does. */
                keptUntil: string | null;
            } | null;
            /** @description What can survive its end. */
            residual: {
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            };
            /** @description What was said before the approval; the cloud may say something else of this very grant. */
            residualBefore: {
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            };
            landing: {
                /** @description The cloud's own name of it. */
                identity: string;
                words: string;
                /** @description Where its holder can ask Azure for their own permissions, and the role (GUID) that shows there once Azure obeys. */
                azure?: {
                    scope: string;
                    roleDefinition: string;
                };
            } | null;
            lastFault: string | null;
            /** @description What its start waits for. */
            waits: {
                /** @description Not before then; null: nobody knows. */
                until: string | null;
                why: string;
            } | null;
            /** Format: date-time */
            serverTime: string;
        };
        Decider: {
            key: string;
            name: string;
            /** @description On call now, in a rotation that the step names itself. */
            onCall: boolean;
        };
        ApprovalStep: {
            id: string;
            rule: string;
            readonly from: string[];
            count: number;
            missing: number;
            readonly approvedBy: components["schemas"]["Person"][];
            /** @description Whose yes it still takes: you, then who is on call. The first of them, where there are many. */
            readonly eligible: components["schemas"]["Decider"][];
            /** @description How many people that is altogether. */
            eligibleCount: number;
        };
        PersonDecision: {
            by: components["schemas"]["Person"];
            /** @enum {string} */
            verdict: "approve" | "deny";
            comment: string | null;
            /** Format: date-time */
            at: string;
            /** @description The longest that this person agreed to; null: as long as was asked. */
            durationMs: number | null;
            /** @description Said with a passkey, over exactly what was approved. */
            signed: boolean;
            /** @description What it was given for has changed since: this yes does not count, and while the request waits its giver can decide again. */
            setAside: boolean;
        };
        Extension: {
            grant: string;
            /** Format: date-time */
            until: string;
            /** @enum {string} */
            status: "pending" | "writing" | "extended" | "refused" | "ended-first" | "closed";
        };
        Request: {
            id: string;
            /** @enum {string} */
            status: "pending" | "approved" | "denied" | "withdrawn" | "lapsed";
            requester: components["schemas"]["Person"];
            readonly items: {
                role: string;
                target: string;
                tier: (0 | 1 | 2 | 3) | null;
                /** @description What the role is for; null: the rules in force have no such role. */
                description: string | null;
                /** @description Labels of the target. */
                readonly labels: {
                    [key: string]: string;
                };
                grant: string | null;
                /** @description What the cloud would be told, while a new grant waits for a decision; null: it is decided, is an extension, or could not be made now. */
                plan: string | null;
                /** @description What is said before anybody agrees to survive its end. */
                residual: {
                    /** @description For how long at most; null: there is no bound. */
                    maxMs: number | null;
                    words: string;
                } | null;
            }[];
            reason: string;
            ticket: string | null;
            duration: string;
            durationMs: number;
            /** @description The shortest time that anybody has approved so far; null: nobody has made it shorter. */
            grantedDurationMs: number | null;
            /** @description Whoever approves it has to sign with a passkey. */
            needsSignature: boolean;
            /** @description Whether I can say yes or no to it now. */
            mayDecide: boolean;
            startsAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            lapsesAt: string;
            decidedAt: string | null;
            deniedBy: ("approver" | "policy") | null;
            /** @description Why it lapsed; null: it has not. */
            lapseCause: ("nobody-decided" | "grant-ended" | "new-epoch") | null;
            policyVersion: string;
            /** @description The rules in force when this was read: `seen` of a yes to it. */
            rulesVersion: string;
            /** @description Sources of people that are older now than they should be, in words. */
            readonly stale: string[];
            readonly steps: components["schemas"]["ApprovalStep"][];
            readonly decisions: components["schemas"]["PersonDecision"][];
            readonly reasons: {
                rule: string;
                text: string;
            }[];
            readonly grants: components["schemas"]["Grant"][];
            /** @description What it is to lengthen; null: it asks for access. */
            extends: components["schemas"]["Extension"] | null;
            next: string;
        };
        Decision: {
            /** @enum {string} */
            effect: "allow" | "deny";
            policyVersion: string;
            directoryVersion: string;
            durationMs: number;
            defaultDurationMs: number;
            maxDurationMs: number;
            extensions: number;
            /** Format: date-time */
            submittedAt: string;
            requirements: {
                reasonMin: number;
                ticket: string | null;
                mfaMaxAgeMs: number | null;
            };
            readonly steps: {
                id: string;
                rule: string;
                count: number;
                readonly from: string[];
                readonly eligible: string[];
                escalatesAfterMs: number | null;
                readonly escalatesTo: string[];
            }[];
            readonly reasons: {
                rule: string;
                text: string;
            }[];
            readonly refusals: {
                /** @enum {string} */
                code: "unknown-requester" | "unknown-role" | "unknown-target" | "role-not-defined-on-target" | "provider-not-available" | "no-matching-policy" | "denied-by-guardrail" | "condition-not-met" | "condition-error" | "duration-too-long" | "duration-invalid" | "no-extension-left" | "reason-required" | "ticket-required" | "mfa-required" | "approval-impossible";
                rule: string;
                text: string;
                item: {
                    role: string;
                    target: string;
                } | null;
                hint?: string;
            }[];
            readonly alarms: {
                rule: string;
                text: string;
            }[];
        };
        Already: {
            role: string;
            target: string;
            /** @enum {string} */
            status: "asked" | "scheduled" | "activating" | "active";
            request: string;
            grant: string | null;
            /**
             * Format: date-time
             * @description When it was asked for, or begins or began.
             */
            since: string;
            endsAt: string | null;
            /** @description Whose yes it still takes in its first open step, where it is asked for. */
            waitsFor: {
                missing: number;
                /** @description Whose yes it still takes: you, then who is on call. The first of them, where there are many. */
                readonly eligible: components["schemas"]["Decider"][];
                /** @description How many people that is altogether. */
                eligibleCount: number;
            } | null;
        };
        Preview: {
            /** @enum {string} */
            effect: "allow" | "deny";
            policyVersion: string;
            duration: string;
            durationMs: number;
            maxDurationMs: number;
            requirements: {
                reasonMin: number;
                ticket: string | null;
                mfaMaxAgeMs: number | null;
            };
            readonly steps: {
                id: string;
                rule: string;
                readonly from: string[];
                count: number;
                /** @description Whose yes it still takes: you, then who is on call. The first of them, where there are many. */
                readonly eligible: components["schemas"]["Decider"][];
                /** @description How many people that is altogether. */
                eligibleCount: number;
            }[];
            readonly reasons: {
                rule: string;
                text: string;
            }[];
            readonly refusals: {
                /** @enum {string} */
                code: "unknown-requester" | "unknown-role" | "unknown-target" | "role-not-defined-on-target" | "provider-not-available" | "no-matching-policy" | "denied-by-guardrail" | "condition-not-met" | "condition-error" | "duration-too-long" | "duration-invalid" | "no-extension-left" | "reason-required" | "ticket-required" | "mfa-required" | "approval-impossible";
                rule: string;
                text: string;
                item: {
                    role: string;
                    target: string;
                } | null;
                hint?: string;
            }[];
            /** @description Sources of people that are older now than they should be, in words. */
            readonly stale: string[];
            readonly residual: {
                role: string;
                target: string;
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            }[];
            needsSignature: boolean;
            /** @description Steps that too few could sign now, with those who have no passkey yet. */
            readonly unsignable: {
                step: string;
                readonly without: components["schemas"]["Person"][];
            }[];
            readonly plan: string[];
            /** @description What you have of it, or wait for. You can ask all the same. */
            readonly already: components["schemas"]["Already"][];
        };
        ExtensionPreview: {
            /** @enum {string} */
            effect: "allow" | "deny";
            policyVersion: string;
            duration: string;
            durationMs: number;
            maxDurationMs: number;
            requirements: {
                reasonMin: number;
                ticket: string | null;
                mfaMaxAgeMs: number | null;
            };
            readonly steps: {
                id: string;
                rule: string;
                readonly from: string[];
                count: number;
                /** @description Whose yes it still takes: you, then who is on call. The first of them, where there are many. */
                readonly eligible: components["schemas"]["Decider"][];
                /** @description How many people that is altogether. */
                eligibleCount: number;
            }[];
            readonly reasons: {
                rule: string;
                text: string;
            }[];
            readonly refusals: {
                /** @enum {string} */
                code: "unknown-requester" | "unknown-role" | "unknown-target" | "role-not-defined-on-target" | "provider-not-available" | "no-matching-policy" | "denied-by-guardrail" | "condition-not-met" | "condition-error" | "duration-too-long" | "duration-invalid" | "no-extension-left" | "reason-required" | "ticket-required" | "mfa-required" | "approval-impossible";
                rule: string;
                text: string;
                item: {
                    role: string;
                    target: string;
                } | null;
                hint?: string;
            }[];
            /** @description Sources of people that are older now than they should be, in words. */
            readonly stale: string[];
            readonly residual: {
                role: string;
                target: string;
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            }[];
            needsSignature: boolean;
            /** @description Steps that too few could sign now, with those who have no passkey yet. */
            readonly unsignable: {
                step: string;
                readonly without: components["schemas"]["Person"][];
            }[];
            readonly plan: string[];
            /** @description What you have of it, or wait for. You can ask all the same. */
            readonly already: components["schemas"]["Already"][];
            /**
             * Format: date-time
             * @description The end that it would come to.
             */
            until: string;
            /** @description The latest end that the rules allow; null: they allow none now. */
            latestEnd: string | null;
            /** @description How often its end may still be moved, this time included. */
            extensionsLeft: number;
        };
        Explanation: {
            request: components["schemas"]["Request"];
            decision: components["schemas"]["Decision"];
            now: components["schemas"]["Decision"];
            /** @description Sources of people that are older now than they should be, in words. */
            readonly stale: string[];
            readonly timeline: {
                /** Format: date-time */
                at: string;
                kind: string;
                actor: string;
                text: string;
            }[];
            /** @description Calls to clouds: what is planned, and what the log says was called. */
            readonly calls: {
                role: string;
                target: string;
                grant: string | null;
                /** @description What makes the access, or moves its end to later: before its clock starts as it would be told now. null: nobody can say. */
                atStart: string | null;
                /** @description What takes it away; null: it is over, only its end is moved, or nobody can say. */
                atEnd: string | null;
                readonly called: {
                    /** Format: date-time */
                    at: string;
                    kind: string;
                    text: string;
                    /** @description What the log keeps of the cloud at this: fingerprints of what was handed out, the proof and its evidence. */
                    cloud: {
                        [key: string]: unknown;
                    };
                }[];
            }[];
        };
        CatalogueItem: {
            role: string;
            target: string;
            provider: string;
            /** @enum {number} */
            tier: 0 | 1 | 2 | 3;
            description: string;
            readonly categories: string[];
            owner: string;
            readonly labels: {
                [key: string]: string;
            };
            requestable: boolean;
            /** @enum {string} */
            path: "automatic" | "approval" | "refused" | "later";
            why: string;
            defaultDurationMs: number;
            maxDurationMs: number;
        };
        Problem: {
            /** Format: uri */
            type: string;
            title: string;
            status: number;
            code: string;
            detail: string;
            hint?: string;
            readonly errors?: {
                path: string;
                message: string;
            }[];
            readonly refusals?: {
                /** @enum {string} */
                code: "unknown-requester" | "unknown-role" | "unknown-target" | "role-not-defined-on-target" | "provider-not-available" | "no-matching-policy" | "denied-by-guardrail" | "condition-not-met" | "condition-error" | "duration-too-long" | "duration-invalid" | "no-extension-left" | "reason-required" | "ticket-required" | "mfa-required" | "approval-impossible";
                rule: string;
                text: string;
                item: {
                    role: string;
                    target: string;
                } | null;
                hint?: string;
            }[];
            requestId: string;
        };
        Proposal: {
            id: string;
            /** @description Of two who are merged the one that both are counted as. */
            person: components["schemas"]["Person"];
            reason: string;
            proposedBy: components["schemas"]["Person"];
            /** Format: date-time */
            proposedAt: string;
            /** Format: date-time */
            lapsesAt: string;
            mayConfirm: boolean;
            mayRefuse: boolean;
            /** @description Who can confirm it now; empty: nobody, or it is over. */
            readonly confirmers: components["schemas"]["Person"][];
            /** @description Stands for everything that it would change, as it is shown here: `seen` of a confirmation. */
            changesVersion: string;
            /** @enum {string} */
            action: "appoint" | "dismiss";
            /** @enum {string} */
            role: "auditor" | "admin";
        } | {
            id: string;
            /** @description Of two who are merged the one that both are counted as. */
            person: components["schemas"]["Person"];
            reason: string;
            proposedBy: components["schemas"]["Person"];
            /** Format: date-time */
            proposedAt: string;
            /** Format: date-time */
            lapsesAt: string;
            mayConfirm: boolean;
            mayRefuse: boolean;
            /** @description Who can confirm it now; empty: nobody, or it is over. */
            readonly confirmers: components["schemas"]["Person"][];
            /** @description Stands for everything that it would change, as it is shown here: `seen` of a confirmation. */
            changesVersion: string;
            /** @constant */
            action: "merge";
            other: components["schemas"]["Person"];
            /** @enum {string} */
            grants: "end" | "keep";
            /** @description Pending requests on which an approval no longer counts. */
            readonly losesRequests: {
                id: string;
                person: components["schemas"]["Person"];
                readonly items: {
                    role: string;
                    target: string;
                }[];
            }[];
            /** @description Live access that lacks an approval: what `grants` is about. */
            readonly losesGrants: {
                role: string;
                target: string;
                id: string;
                person: components["schemas"]["Person"];
                endsAt: string | null;
            }[];
            /** @description Orders to end access that stand over `person`, and stand over `to` too from then on: `ends` is how much live access of `to` they reach. What `to` asks for within their reach is withdrawn, and does not start while they stand. */
            readonly widensOrders: {
                id: string;
                person: components["schemas"]["Person"];
                to: components["schemas"]["Person"];
                ends: number;
            }[];
        } | {
            id: string;
            /** @description Of two who are merged the one that both are counted as. */
            person: components["schemas"]["Person"];
            reason: string;
            proposedBy: components["schemas"]["Person"];
            /** Format: date-time */
            proposedAt: string;
            /** Format: date-time */
            lapsesAt: string;
            mayConfirm: boolean;
            mayRefuse: boolean;
            /** @description Who can confirm it now; empty: nobody, or it is over. */
            readonly confirmers: components["schemas"]["Person"][];
            /** @description Stands for everything that it would change, as it is shown here: `seen` of a confirmation. */
            changesVersion: string;
            /** @constant */
            action: "release";
            account: {
                id: string;
                issuer: string;
                subject: string;
                /** @description None of it counts any more once it is released. */
                readonly provenFor: components["schemas"]["Person"][];
                /** @description Whether it signs `person` in now. */
                signsIn: boolean;
                /** @description Who claims it as well; whoever has it: the directory gives them another one there in its place. */
                claimedBy: components["schemas"]["Person"] | null;
            };
        };
        Administration: {
            readonly holders: {
                person: components["schemas"]["Person"];
                /** @enum {string} */
                role: "auditor" | "admin";
                /** Format: date-time */
                since: string;
                /** @description Whether the directory still has them; who has left cannot act. */
                active: boolean;
                /** @description null: claimed with the code of the console. */
                appointedBy: components["schemas"]["Person"] | null;
                confirmedBy: components["schemas"]["Person"] | null;
            }[];
            readonly proposals: components["schemas"]["Proposal"][];
            /** @description When whoever runs Curfew had the accounts forgotten that the directory had introduced at an issuer, latest first. */
            readonly forgotten: {
                issuer: string;
                /** Format: date-time */
                at: string;
                accounts: number;
            }[];
        };
        Account: {
            id: string;
            issuer: string;
            /** @description What people call the sign-in provider behind the issuer; null: it is none of those that are configured now. */
            provider: string | null;
            subject: string;
            /** @enum {string} */
            proof: "directory" | "sign-in";
            /** Format: date-time */
            linkedAt: string;
            /** @description Whether its person signs in by it. False: it says who they are there, and signs in nobody; or it was linked as such, and is to be linked again. */
            signsIn: boolean;
        };
        AccountProvider: {
            name: string;
            title: string;
            /** @description Whether accounts there sign in; otherwise it is only known whose they are. */
            signsIn: boolean;
        };
        LedgerEntries: {
            readonly items: {
                seq: number;
                /** @description Canonical JSON: hash these bytes. Null: it does not concern you. */
                body: string | null;
                /** @description The leaf hash, hexadecimal; the tree is recomputed from it where there is no body. */
                leaf: string;
            }[];
            nextFrom: number;
        };
        InclusionProof: {
            seq: number;
            size: number;
            leaf: string;
            readonly hashes: string[];
            checkpoint: string;
        };
        PersonalOpenings: {
            readonly items: {
                field: string;
                person: string;
                salt: string;
                value: string;
            }[];
        };
        AuditItem: {
            seq: number;
            kind: string;
            /** Format: date-time */
            at: string;
            actor: {
                key: string | null;
                name: string;
            };
            subjects: {
                person: components["schemas"]["Person"] | null;
                request: string | null;
                grant: string | null;
            };
            sentence: string;
            /** @description Recorded after it happened, because the database took no writes. */
            late: boolean;
            /** @description Whether the newest checkpoint covers it. */
            covered: boolean;
        };
        Discovery: {
            /** @constant */
            name: "Curfew";
            version: string;
            /** Format: uri */
            issuer: string;
            clientId: string;
            /** Format: uri */
            api: string;
            /** @description Where people sign in, the company’s own provider first: `/sign-in/browser?provider=<name>`. */
            readonly signIn: {
                name: string;
                title: string;
            }[];
            demo: boolean;
            demoPeople?: {
                key: string;
                name: string;
                title: string;
            }[];
            ledger: {
                origin: string;
                vkey: string;
            };
            aws?: {
                region: string;
                endpointUrl: string | null;
            };
        };
        CloudFindings: {
            readonly items: {
                target: string;
                ok: boolean;
                message: string;
                /** @description A command that mends it. */
                fix?: string;
            }[];
        };
        LiveGrant: {
            id: string;
            /** @enum {string} */
            status: "scheduled" | "activating" | "active" | "ending" | "ended" | "failed";
            request: string;
            role: string;
            target: string;
            /** @enum {number} */
            tier: 0 | 1 | 2 | 3;
            provider: string;
            method: string;
            person: components["schemas"]["Person"];
            duration: string;
            durationMs: number;
            /** Format: date-time */
            startsAt: string;
            activatedAt: string | null;
            usableAt: string | null;
            reissueAfter: string | null;
            endsAt: string | null;
            /** @description The latest end that was ever on its way into the cloud; later than endsAt when an extension was not confirmed. */
            boundUntil: string | null;
            /** @description The grant that this one is the only retry of. */
            retryOf: string | null;
            /** @description Whether it is tried once more when it is proven gone. */
            triesAgain: boolean;
            /** @description How often its end was moved to later. */
            extended: number;
            endedAt: string | null;
            cause: string | null;
            /** @description Why it may be said to be over; null: it is not. */
            proof: {
                /** @enum {string} */
                kind: "observed" | "by-construction" | "never-provisioned";
                /** Format: date-time */
                at: string;
                evidence: {
                    [key: string]: unknown;
                };
                /** @description Whether the access itself is gone. False in a shared place of the cloud where it was before, or where another grant needs it: only the grant is over. */
                gone: boolean;
                /** @description What the proof says, in a few words. */
                brief: string;
                /** @description What the proof says, in a sentence. */
                words: string;
                /** @description Until when another grant keeps the access; null: none does. */
                keptUntil: string | null;
            } | null;
            /** @description What can survive its end. */
            residual: {
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            };
            /** @description What was said before the approval; the cloud may say something else of this very grant. */
            residualBefore: {
                /** @description For how long at most; null: there is no bound. */
                maxMs: number | null;
                words: string;
            };
            landing: {
                /** @description The cloud's own name of it. */
                identity: string;
                words: string;
                /** @description Where its holder can ask Azure for their own permissions, and the role (GUID) that shows there once Azure obeys. */
                azure?: {
                    scope: string;
                    roleDefinition: string;
                };
            } | null;
            lastFault: string | null;
            /** @description What its start waits for. */
            waits: {
                /** @description Not before then; null: nobody knows. */
                until: string | null;
                why: string;
            } | null;
            /** Format: date-time */
            serverTime: string;
            /** @description Whether you may end it. */
            mayEnd: boolean;
        };
        Live: {
            readonly items: components["schemas"]["LiveGrant"][];
            nextCursor: string | null;
            /** Format: date-time */
            now: string;
        };
        Credential: {
            /** @constant */
            version: 1;
            accessKeyId: string;
            secretAccessKey: string;
            sessionToken: string;
            /**
             * Format: date-time
             * @description By the cloud's clock. A credential that is older than `reissueAfter` of its grant is dead.
             */
            issuedAt: string;
            /**
             * Format: date-time
             * @description The cloud's own expiry.
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description The earlier of that and the end of the grant.
             */
            usableUntil: string;
            grant: {
                id: string;
                /** Format: date-time */
                endsAt: string;
            };
            region: string;
        };
        Certificate: {
            /** @constant */
            version: 1;
            /** @description PEM. Good until the end of the grant, for the key that was sent. */
            certificate: string;
            serial: string;
            roleArn: string;
            profileArn: string;
            trustAnchorArn: string;
            region: string;
            /** @description Where CreateSession is called; `null`: AWS's own place. */
            endpoint: string | null;
            /** Format: date-time */
            expiresAt: string;
            grant: {
                id: string;
                /** Format: date-time */
                endsAt: string;
            };
        };
        ConsoleUrl: {
            url: string;
            validForMs: number;
        };
        Me: {
            person: {
                key: string;
                name: string;
                email: string;
                readonly groups: string[];
            };
            /** @description What I am in Curfew itself; everybody is a member. */
            readonly roles: ("member" | "auditor" | "admin")[];
            session: {
                /** Format: date-time */
                expiresAt: string;
            };
            /**
             * @description How I came in: `web` is the cookie of a browser.
             * @enum {string}
             */
            via: "api" | "cli" | "web" | "demo";
            /** Format: date-time */
            signedInAt: string;
            /** @description When the company’s provider last asked who I am, which may be long before `signedInAt`; null: it did not say. What takes a fresh sign-in goes by it. */
            authenticatedAt: string | null;
            /**
             * Format: date-time
             * @description The same as `session.expiresAt`.
             */
            sessionEndsAt: string;
            /** @description The value of the header x-curfew-csrf that every change and every reading of the log by cookie needs; null with a bearer token. */
            csrf: string | null;
        };
        Session: {
            id: string;
            /** @enum {string} */
            kind: "browser" | "cli";
            /** @description Whether this request came with it. */
            current: boolean;
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description To the minute for a browser; the last refresh for a command line.
             */
            lastUsedAt: string;
            /**
             * Format: date-time
             * @description The latest end. A browser that nobody uses for an hour is signed out before.
             */
            expiresAt: string;
            agent: string;
        };
        Stop: {
            order: string;
            /**
             * @description What it is about; `person`: about me.
             * @enum {string}
             */
            scope: "person" | "target" | "all";
            target: string | null;
            /** Format: date-time */
            since: string;
            /**
             * @description own: as much of it as whoever gave the order may end alone; all: all of it.
             * @enum {string}
             */
            reach: "own" | "all";
            /** @description Whether it keeps new access from starting until somebody lifts it; false: until all that it ends is proven gone. */
            holds: boolean;
            /** @description Whether I gave it. */
            byMe: boolean;
        };
        NotificationSettings: {
            /** @description Whether I want to be told: what is to be decided, as somebody who can decide; the others as whoever asked or is concerned. */
            kinds: {
                waits: boolean;
                escalated: boolean;
                "decide-again": boolean;
                approved: boolean;
                denied: boolean;
                lapsed: boolean;
                withdrawn: boolean;
                active: boolean;
                "ending-soon": boolean;
                extended: boolean;
                "not-extended": boolean;
                ended: boolean;
                failed: boolean;
                "not-gone": boolean;
            };
            /** @description Requests of which I want to hear nothing more, the newest first. */
            readonly muted: {
                id: string;
                /** @description Who asked for what; null: I may not see it any more. */
                asked: {
                    requester: components["schemas"]["Person"];
                    readonly items: {
                        role: string;
                        target: string;
                    }[];
                } | null;
            }[];
        };
        PasskeyRecovery: {
            id: string;
            person: components["schemas"]["Person"];
            /** Format: date-time */
            askedAt: string;
            /** Format: date-time */
            lapsesAt: string;
            readonly confirmedBy: components["schemas"]["Person"][];
            missing: number;
            /** @description Until when a new passkey may be registered. */
            openUntil: string | null;
            /** @description Who can confirm it, with a passkey of their own. */
            readonly confirmers: components["schemas"]["Person"][];
        };
        Passkey: {
            id: string;
            name: string;
            /** Format: date-time */
            createdAt: string;
            lastUsedAt: string | null;
            /** @description Copied between the devices of its owner. */
            synced: boolean;
        };
        PolicyStatus: {
            version: string;
            /** Format: date-time */
            loadedAt: string;
            /** @description Of newer documents that were refused; the ones in force stay in force. */
            readonly problems: {
                file: string;
                line: number;
                column: number;
                message: string;
                hint?: string;
            }[];
            /** @description What is suspicious in the rules in force, and not wrong: a selector that matches no target. */
            readonly warnings: {
                file: string;
                line: number;
                column: number;
                message: string;
                hint?: string;
            }[];
            roles: number;
            policies: number;
            /** @description Where people come from, and how old that is. */
            directory?: {
                readonly sources: {
                    name: string;
                    version: string | null;
                    takenAt: string | null;
                    stale: boolean;
                    problem: string | null;
                    hint: string | null;
                }[];
                /** @description Accounts that are not clear, by keys of persons. Two claim one: whoever it was proven for goes on signing in by it, unless the directory gives it to another; `claimedBy` is not signed in. `claimedBy` is `person`: the directory gives them another account in place of this one, which was proven; the other signs in nobody. For auditors and admins alone. */
                readonly conflicts?: {
                    account: string;
                    person: string;
                    claimedBy: string;
                    /** Format: date-time */
                    since: string;
                }[];
            };
        };
        NewRequest: {
            items: {
                role: string;
                target: string;
            }[];
            /** @description As people write it: `15m`, `1h30m`. Absent: what the rules say. */
            duration?: string;
            reason?: string;
            ticket?: string;
            /**
             * Format: date-time
             * @description Absent: as soon as it is approved.
             */
            startsAt?: string;
        };
        Circumstances: {
            requester: {
                employment: ("employee" | "contractor") | null;
                team: string | null;
                /** @description Rotations in which they are on call now. */
                readonly onCall: string[];
            };
            /** @description What they hold now on the targets asked for, or on what these belong to. */
            readonly holds: {
                grant: string;
                role: string;
                target: string;
                /** @enum {number} */
                tier: 0 | 1 | 2 | 3;
                /** @enum {string} */
                status: "scheduled" | "activating" | "active" | "ending" | "ended" | "failed";
                endsAt: string | null;
            }[];
            /** @description How much more of theirs is live on other targets. */
            holdsElsewhere: number;
            readonly items: {
                role: string;
                target: string;
                /** @description How many others hold the same now. */
                othersHold: number;
                /** @description How many targets lie below its own, which it covers as well. */
                below: number;
                /** @description What the role declares that outlives a session or leads beyond it. */
                readonly abilities: ("role-chaining" | "pass-role" | "create-keys")[];
            }[];
        };
        Revocation: {
            id: string;
            /** @enum {string} */
            status: "waiting" | "lapsed" | "ending" | "partly" | "done" | "lifted";
            scope: {
                /** @enum {string} */
                kind: "person" | "target" | "all";
                person: components["schemas"]["Person"] | null;
                target: string | null;
            };
            reason: string;
            /**
             * @description none: nothing yet; own: what who gave it may end; all: confirmed.
             * @enum {string}
             */
            reach: "none" | "own" | "all";
            orderedBy: components["schemas"]["Person"];
            /** Format: date-time */
            orderedAt: string;
            /** @description Until when a second person can confirm; null: nobody can. */
            asksUntil: string | null;
            mayConfirm: boolean;
            /** @description Who can confirm it, while somebody can: the first twenty by name, and how many more. null: not for you to know. */
            confirmers: {
                readonly people: components["schemas"]["Person"][];
                more: number;
            } | null;
            confirmedBy: components["schemas"]["Person"] | null;
            confirmedAt: string | null;
            /** @description Whether it keeps new access from starting. */
            stopsNew: boolean;
            startedAt: string | null;
            /** @description When the last of its grants was proven gone. */
            finishedAt: string | null;
            toZeroMs: number | null;
            counts: {
                /** @description In its scope and not told to end: beyond its reach, or not yet. */
                live: number;
                ending: number;
                /** @description Proven gone. */
                gone: number;
            };
            /** @description What goes on although it is proven gone. */
            survives: {
                /** @description Grants whose sessions from before their end could not be cut. */
                sessions: number;
                /** @description When the last of those sessions is over, at the latest. */
                until: string | null;
                /** @description Grants on access that somebody had before Curfew, which stays. */
                standing: number;
            };
            requestsWithdrawn: number;
            /** @description The first twenty that are not gone. */
            readonly left: {
                grant: string;
                /** @enum {string} */
                status: "scheduled" | "activating" | "active" | "ending" | "ended" | "failed";
                person: components["schemas"]["Person"];
                role: string;
                target: string;
                lastFault: string | null;
                attempts: number;
            }[];
            liftedBy: components["schemas"]["Person"] | null;
            liftedAt: string | null;
            /** Format: date-time */
            serverTime: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
