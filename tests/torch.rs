//! The numbers are PyTorch's: random numbers and matrices to the bit, every stage of attention to 1e-5.

mod common;

use common::{TORCH, WIDTH, assert_close_to_torch, tensor};
use headlight::{
    attention::{BlockTrace, Wanted, fast, self_attention},
    embedding::{Generator, block_weights, word_embedding},
};

#[test]
fn every_stage_matches() {
    assert_close_to_torch("the reference", |case, input| {
        let weights = block_weights(WIDTH, case.seed);
        let block =
            self_attention(input.view(), &weights, case.heads, &case.config(), None).expect("the cases are sound");
        BlockTrace { inputs: block.inputs, attention: block.attention.into(), output: block.output }
    });
    assert_close_to_torch("the fast path", |case, input| {
        let weights = block_weights(WIDTH, case.seed);
        fast::self_attention(input.view(), &weights, case.heads, &case.config(), None, Wanted::ALL)
            .expect("the cases are sound")
    });
}

#[test]
fn block_weights_are_bit_equal() {
    for seed in [0, 1, 42, 1234] {
        let block = block_weights(WIDTH, seed);
        for (name, ours) in [("w_q", block.w_q), ("w_k", block.w_k), ("w_v", block.w_v), ("w_o", block.w_o)] {
            let key = format!("block/seed={seed}/{name}");
            assert!(ours.is_standard_layout(), "{key}");
            assert_eq!(ours.shape(), tensor(&key).shape());
            assert_bits(ours.iter(), &key);
        }
    }
}

#[test]
fn randn_is_bit_equal() {
    let keys = keys("randn");
    assert_eq!(keys.len(), 3 * 11);
    for key in keys {
        let mut generator = Generator::manual_seed(number(&key, "seed"));
        let sizes = field(&key, "n").split(',');
        let numbers: Vec<f32> = sizes.flat_map(|size| generator.randn(size.parse().unwrap())).collect();
        assert_bits(&numbers, &key);
    }
}

#[test]
fn long_streams_of_normal_numbers_are_bit_equal() {
    let keys = keys("randn_crc32");
    assert_eq!(keys.len(), 3);
    for key in keys {
        let numbers = Generator::manual_seed(number(&key, "seed")).randn(number(&key, "n") as usize);
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let checksum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes);
        assert_eq!(checksum.to_le_bytes(), TORCH.tensor(&key).unwrap().data(), "{key}");
    }
}

#[test]
fn linear_weights_are_bit_equal() {
    let keys = keys("linear");
    assert_eq!(keys.len(), 3 * 6);
    for key in keys {
        let mut generator = Generator::manual_seed(number(&key, "seed"));
        let weight = generator.linear_weight(number(&key, "in") as usize, number(&key, "out") as usize);
        assert_eq!(weight.shape(), tensor(&key).shape());
        assert_bits(&weight, &key);
    }
}

#[test]
fn word_embeddings_are_bit_equal() {
    let keys = keys("word");
    assert_eq!(keys.len(), 3 * 3 * 7);
    for key in keys {
        let (_, word) = key.rsplit_once('/').unwrap();
        let embedding = word_embedding(word, number(&key, "width") as usize, number(&key, "seed"));
        assert_bits(&embedding, &key);
    }
}

#[track_caller]
fn assert_bits<'a>(ours: impl IntoIterator<Item = &'a f32>, key: &str) {
    let ours: Vec<u32> = ours.into_iter().map(|number| number.to_bits()).collect();
    let theirs: Vec<u32> = tensor(key).iter().map(|number| number.to_bits()).collect();
    let differing = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count();
    assert!(ours == theirs, "{key}: {differing} of {} numbers differ ({} of ours)", theirs.len(), ours.len());
}

/// The keys of one kind, `kind/…`.
fn keys(kind: &str) -> Vec<String> {
    let of_kind = |key: &&str| key.split('/').next() == Some(kind);
    TORCH.names().into_iter().filter(of_kind).map(str::to_owned).collect()
}

/// The value of `name=value` in a key, between slashes.
fn field<'a>(key: &'a str, name: &str) -> &'a str {
    let mut fields = key.split('/').filter_map(|part| part.split_once('='));
    fields.find(|(field, _)| *field == name).unwrap_or_else(|| panic!("{key} has no {name}")).1
}

fn number(key: &str, name: &str) -> u64 {
    field(key, name).parse().unwrap()
}
